"""A training as TensorBoard shows it, on every backend, without TensorFlow."""

from __future__ import annotations

import contextlib
import functools
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import keras

from keras_recipe.callbacks.hyperparameters import hyperparameters, learning_rates, optimizer
from keras_recipe.callbacks.keras_tags import named, numbers, place
from keras_recipe.callbacks.layer_scalars import layer_scalars
from keras_recipe.callbacks.report_log import ReportLog
from keras_recipe.callbacks.shared import join
from keras_recipe.callbacks.trace import Trace
from keras_recipe.core.errors import InputError
from keras_recipe.core.report import Report
from keras_recipe.tensorboard import Writer, markdown
from keras_recipe.tensorboard.hparams import settings

P = ParamSpec("P")


def _outlived(
    write: Callable[Concatenate[RecipeTensorBoard, P], None],
) -> Callable[Concatenate[RecipeTensorBoard, P], None]:
    """Flush what `write` wrote; if it cannot, warn once and let the training go on."""

    @functools.wraps(write)
    def guarded(self: RecipeTensorBoard, /, *args: P.args, **kwargs: P.kwargs) -> None:
        if self.lost:
            return
        try:
            write(self, *args, **kwargs)
            self.flush()
        except (OSError, InputError) as error:
            self.lost = True
            self.close()
            text = f"Nothing more is logged in {str(self.log_dir)!r}; training goes on: {error}"
            warnings.warn(text, UserWarning, stacklevel=2)

    return guarded


class RecipeTensorBoard(keras.callbacks.Callback):
    """Logs a training for TensorBoard by the `tensorboard` package alone.

    The tags, folders and steps are those of `keras.callbacks.TensorBoard`: run `train` holds
    `epoch_<name>` of every log, `epoch_learning_rate` and `<path>/histogram` of every weight;
    run `validation` holds `epoch_<name>` and `evaluation_<name>_vs_iterations`. Beyond Keras,
    `train` holds the texts `recipe/summary`, `recipe/checklist` and `recipe/problems`, the
    pictures of the report under `recipe/<code>/`, and `recipe/<statistic>/<layer>`; `log_dir`
    itself holds the settings for the HParams tab. Everything is written when an epoch
    ends: there are no batch hooks, which cost 20-40 % of a short step on JAX.

    A second `fit` goes on in the same runs with new files and counts its epochs as Keras does,
    from `initial_epoch`; give each training a `log_dir` of its own to compare them. If
    the log fails later on (a full disk), one warning is given and the training goes on.

    Args:
        log_dir: Folder, made when training begins.
        histogram_freq: Epochs between two histograms of the weights; 0: none. One costs 2 ms
            for a small model and 10 ms a million weights; all else is below 1 ms an epoch.
        hparams: Further settings for the HParams tab, such as `{"batch_size": 32}`: name to
            bool, number or text. They win over those read from the model.
        report: A `Report`, written as text and pictures when training begins, and again when
            it ends if it was replaced or a `RecipeMonitor` ahead of this callback adds to it.
        trace: A `RecipeMonitor` or a `Trace`, whose numbers of each layer are written. None:
            that of the fit, filled by any `RecipeMonitor` beside this callback.

    Attributes:
        lost: Whether the log failed during the training.

    Raises:
        InputError: A setting cannot be used. When training begins: `log_dir` cannot be
            written to.

    Example:
        >>> board = RecipeTensorBoard("runs/1", hparams={"batch_size": 32})
        >>> # model.fit(x, y, batch_size=32, callbacks=[board])
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        *,
        histogram_freq: int = 1,
        hparams: Mapping[str, Any] | None = None,
        report: Report | None = None,
        trace: Any = None,
    ) -> None:
        super().__init__()
        every: Any = histogram_freq  # the annotation does not bind the caller
        whole = isinstance(every, int) and every >= 0
        _demand(whole, "histogram_freq is a whole number of epochs", every)
        _demand(isinstance(report, Report | None), "report is what `check` returns", report)
        followed = getattr(trace, "trace", trace)
        _demand(isinstance(followed, Trace | None), "trace is a RecipeMonitor or Trace", trace)
        self._root = Writer(log_dir)
        self.log_dir = Path(log_dir)
        self._train = Writer(self.log_dir / "train")
        self._validation = Writer(self.log_dir / "validation")
        self.histogram_freq = histogram_freq
        self.hparams = settings(hparams or {})
        self.report = report
        self.trace = trace
        self._forget()

    def _forget(self) -> None:
        self.lost = False
        self._training = False
        self._reports = ReportLog(self._train)
        self._shared = Trace()  # what the callbacks of this fit write to
        self._traced = (0, 0)  # entries of the trace that were written: weights, activations
        self._first = 0  # the epoch this training began with
        self._epochs = 0  # how many it has made

    def on_train_begin(self, logs: Any = None) -> None:
        """Open the log: a folder that cannot be written to stops here, nothing trained."""
        self.close()
        self._forget()
        self._root.open()
        self._train.open()
        self._training = True
        self._shared, _ = join(self)
        self._begin()

    @_outlived
    def _begin(self) -> None:
        self._root.hparams(self._settings())
        if self.model.built:
            lines: list[str] = []
            self.model.summary(print_fn=lines.append)
            self._train.text("recipe/summary", markdown.code("\n".join(lines)))
        self._reports.write(self.report, 0)

    @_outlived
    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Write the epoch's numbers, and the weights every `histogram_freq` epochs."""
        found = {**(logs or {}), **learning_rates(self.model)}
        for name, value in numbers(found):
            run, tag = place(name)
            writer = self._validation if run == "validation" else self._train
            writer.scalar(tag, value, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for path, weight in named(self.model.weights):
                values = keras.ops.convert_to_numpy(weight)
                self._train.histogram(f"{path}/histogram", values, epoch)
        if not self._epochs:  # only now are the names of all metrics known
            self._first = epoch
            metrics = [f"recipe/{name}" for name, _ in numbers(logs or {})]
            self._root.hparams_config(self._settings(), metrics)
        self._epochs += 1
        for name, value in numbers(logs or {}):  # the HParams tab reads this folder alone
            self._root.scalar(f"recipe/{name}", value, epoch)
        self.write_trace()

    def on_test_begin(self, logs: Any = None) -> None:
        """Open the log before an evaluation outside `fit`."""
        if not self._training:
            self.lost = False
            self._validation.open()

    @_outlived
    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Write what an evaluation found, over the optimizer's iterations."""
        iterations = getattr(optimizer(self.model), "iterations", None)
        if iterations is not None:
            step = int(keras.ops.convert_to_numpy(iterations))
            for name, value in numbers(logs or {}):
                self._validation.scalar(f"evaluation_{name}_vs_iterations", value, step)
        if not self._training:
            self.close()

    @_outlived
    def on_train_end(self, logs: Any = None) -> None:
        """Write what was learned meanwhile, and close the log."""
        self.write_trace()
        self._reports.write(self._final_report(), self._step)
        self._root.hparams_end()
        self.flush()
        self._training = False
        self.close()

    def write_trace(self) -> None:
        """Write what the trace holds of the layers and was not yet written."""
        trace = self._trace
        for tag, epoch, value in layer_scalars(trace, *self._traced):
            self._train.scalar(tag, value, self._first + epoch)
        self._traced = (len(trace.weights), len(trace.activations))

    @_outlived
    def write_report(self, report: Report) -> None:
        """Write a report as texts, with the pictures of findings that are not there yet.

        Called after a fit, this adds what was found since.
        """
        self._reports.write(report, self._step)
        if not self._training:
            self.flush()
            self.close()

    def flush(self) -> None:
        """Hand everything written so far to the files, for TensorBoard to see."""
        for writer in (self._root, self._train, self._validation):
            writer.flush()

    def close(self) -> None:
        """Close the files."""
        for writer in (self._root, self._train, self._validation):
            with contextlib.suppress(OSError):  # what could be flushed was flushed before
                writer.close()

    def _settings(self) -> dict[str, Any]:
        return {**hyperparameters(self.model, self.params or {}), **self.hparams}

    @property
    def _step(self) -> int:
        return self._first + self._epochs

    @property
    def _trace(self) -> Trace:
        return getattr(self.trace, "trace", self.trace) or self._shared

    def _final_report(self) -> Report | None:
        if not self._trace.epochs or self._trace.unchanged is None:
            return self.report  # no monitor, or it comes after this callback
        from keras_recipe.callbacks.monitor import judge

        found = judge(self._trace)
        return self.report.merged(found) if self.report is not None else found

    def __getstate__(self) -> dict[str, Any]:
        """A copy is for another fit: the model stays with the original."""
        return {**self.__dict__, "_model": None}


def _demand(holds: bool, rule: str, received: Any) -> None:  # noqa: FBT001  read as a sentence
    if not holds:
        msg = f"{rule}. Received: {received!r}"
        raise InputError(msg)
