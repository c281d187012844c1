"""The watch on a training: records it, and has it judged by the live checks."""

from __future__ import annotations

import time
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import keras

from keras_recipe.callbacks import program
from keras_recipe.callbacks.hyperparameters import learning_rates
from keras_recipe.callbacks.keras_tags import numbers
from keras_recipe.callbacks.probing import ProbeWatch, as_batch, as_pace
from keras_recipe.callbacks.shared import join
from keras_recipe.callbacks.steps import StepWatch
from keras_recipe.callbacks.trace import Trace
from keras_recipe.callbacks.travel import sampled, travel
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.report import Report
from keras_recipe.core.runner import run
from keras_recipe.core.settings import Settings, unknown
from keras_recipe.surgery.averages import own_arrays
from keras_recipe.surgery.filters import Filters, facts, first_filters
from keras_recipe.surgery.plan import Plan, plan

ACTIONS = ("warn", "stop", "raise")


class RecipeWarning(UserWarning):
    """A live check failed and the training was to go on."""


class _Watched:
    """Answers the live checks' needs."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def need(self, name: str) -> Any:
        trace = self.trace
        if name == "trace":
            return trace
        if name == "plan" and trace.plan:
            return Plan(**trace.plan, optimizer=trace.optimizer, trace=trace)
        msg = f"there is no `{name}` while training"
        raise NotApplicable(msg)


def judge(trace: Trace) -> Report:
    """Return a row for every check that reads a trace, by the settings of pyproject.toml."""
    from keras_recipe import checks

    checks.load()
    settings = Settings.from_pyproject(Path("pyproject.toml"))
    live = [check for check in settings.chosen() if {"trace", "plan"} & set(check.needs)]
    return run(live, _Watched(trace), settings=settings)


class RecipeMonitor(keras.callbacks.Callback):
    """Records a training and judges it by the live checks, at the price of a few percent.

    Losses, weights and saved files are those of a training without it. The numbers of every
    step are written inside the compiled step and read when an epoch ends: no batch hooks.
    What can't be watched (several optimizers, several devices) is named in `trace.notes`.

    Args:
        on_fail: When a live check FAILs: `"warn"` gives a `RecipeWarning` when training ends,
            `"stop"` ends the training after the epoch, `"raise"` raises `RecipeFailed` then.
        probe: Up to 32 training rows, a `Batch` or a tuple `(x, y)`, on which the layers'
            activations are looked at, first and last of all when the first epoch and the
            training end; one further compilation. None: no activations.
        sample: More training rows, whose labels say what a constant prediction would score;
            None: the probe's.
        constant_loss: Loss of the best prediction that ignores the inputs, if known; found from
            the probe where it is needed and None.
        pace: Epochs from one look at the activations to the next, 1 or more; None: after
            epochs 1, 2, 4, 8, ..., and of epochs under 128 steps less often.

    Attributes:
        trace: The `Trace` of the last training.
        beside: The other callbacks of the fit, where known: `RecipeModel.fit` sets them.

    Raises:
        ConfigError: `on_fail` is none of the three.
        InputError: `probe` or `sample` is not a batch, or `pace` is below 1.
        RecipeFailed: While training, with `"raise"`: a live check FAILs.

    Example:
        >>> monitor = RecipeMonitor(on_fail="stop")
        >>> # model.fit(x, y, callbacks=[monitor]); monitor.report
    """

    def __init__(
        self,
        *,
        on_fail: str = "warn",
        probe: Any = None,
        sample: Any = None,
        constant_loss: float | None = None,
        pace: int | None = None,
    ) -> None:
        super().__init__()
        if on_fail not in ACTIONS:
            raise unknown(str(on_fail), ACTIONS, "on_fail")
        self.on_fail = on_fail
        self.probe, self.sample = as_batch(probe), as_batch(sample)
        self.constant_loss, self.pace = constant_loss, as_pace(pace)
        self.trace = Trace()
        self.beside: Any = None
        self._report: Report | None = None
        self._forget()

    def _forget(self) -> None:
        """Let go of the model."""
        self._steps: StepWatch | None = None
        self._probing: ProbeWatch | None = None
        self._before: dict[str, str] = {}
        self._start: dict[str, Any] = {}
        self._filters: Filters | None = None
        self._began = 0.0

    @property
    def report(self) -> Report:
        """What the live checks say; of an unfinished training, what they say so far."""
        if self._report is None:
            self._report = judge(self.trace) if self.trace.epochs else Report()
        return self._report

    def on_train_begin(self, logs: Any = None) -> None:
        """Begin a new trace and put the watch on the step."""
        self.close()
        (self.trace, alone), self._report = join(self), None
        model = self.model
        params = self.params or {}  # None in a CallbackList of the user's
        planned = plan(model, params.get("epochs") or 1, params.get("steps"))
        self.trace.optimizer = dict(planned.optimizer)
        self.trace.plan = {
            "epochs": planned.epochs,
            "steps": planned.steps,
            "rates": list(planned.rates),
        }
        self.trace.program = program.program_facts(model)
        self.trace.constant_loss = self.constant_loss
        if model.built:
            weights = program.by_path(model)
            self.trace.shapes = {path: list(value.shape) for path, value in weights.items()}
            self._before = program.fingerprints(weights)
            self._start = sampled(weights)
            self._filters = first_filters(model)
            self.trace.penalty_before = program.penalty(model)
        if alone:
            self._steps = StepWatch(model, self.trace)
        else:
            self.trace.notes.append("the steps are not watched: another monitor watches them")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Note the time."""
        if self._steps is not None:
            self._steps.begin_epoch((self.params or {}).get("steps"))
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Add the epoch to the trace; look for FAILs if they are to end the training."""
        trace = self.trace
        trace.epochs.append(dict(numbers(logs or {})))
        trace.seconds.append(time.perf_counter() - self._began)
        trace.learning_rate.append(next(iter(learning_rates(self.model).values()), None))
        if self._steps is not None:
            self._steps.end_epoch()
        self._report = None
        if self.probe is not None and self._probing is None:
            self._probing = ProbeWatch(self.model, self.probe, trace, self.sample, self.pace)
        if self._probing is not None:
            self._probing.end_epoch()
        if self.on_fail != "warn":
            self._act()

    def on_train_end(self, logs: Any = None) -> None:
        """Take the watch off, look at what was learned, and judge."""
        own_arrays(self.model)
        self._conclude()
        self.close()
        self.beside = None
        self._act()
        if self.on_fail == "warn":
            self._warn()

    def _warn(self, without: Collection[str] = ()) -> None:
        for failure in self.report.failures:
            if failure.code not in without:
                text = f"{failure.code} {failure.name}: {failure.message}"
                warnings.warn(text, RecipeWarning, stacklevel=3)

    def reconsider(self, onward: dict[str, Any]) -> Report:
        """Judge again, knowing what training on would bring; return what is said now."""
        said = {failure.code for failure in self.report.failures}
        self.trace.onward, self._report = onward, None
        if self.on_fail == "warn":
            self._warn(without=said)
        return self.report

    def close(self) -> None:
        """Take the watch off a training that was interrupted; else there is nothing to do."""
        if self._steps is not None:
            self._steps.end()
        self._forget()

    def _act(self) -> None:
        if self.on_fail == "warn" or self.report.ok:
            return
        if self.on_fail == "raise":
            self.close()
            self.report.raise_if_failed()
        self.model.stop_training = True

    def _conclude(self) -> None:
        """Add what only the end can tell."""
        trace, model = self.trace, self.model
        self._report = None
        if not trace.epochs or not model.built:
            return
        weights = program.by_path(model)
        bits = program.fingerprints(weights)
        trace.unchanged = [path for path in bits if self._before.get(path) == bits[path]]
        trace.bad_weights = program.non_finite(weights)
        trace.travel = travel(self._start, weights)
        trace.first_layer = facts(self._filters, first_filters(model))
        trace.penalty = program.penalty(model)
        trace.plan["monitors"] = program.watched_logs(model, self.beside, trace)
        if self._probing is not None:
            self._probing.end()

    def __getstate__(self) -> dict[str, Any]:
        """A copy is for another fit: the model and the watch stay with the original."""
        gone: dict[str, Any] = {
            "_model": None,
            "_steps": None,
            "_probing": None,
            "_before": {},
            "_start": {},
            "_filters": None,
            "beside": None,
        }
        return {**self.__dict__, **gone}
