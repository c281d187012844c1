"""What enters the model in `fit`: as numbers, as pictures, and beside what evaluation feeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from keras_recipe.callbacks.monitor import judge
from keras_recipe.callbacks.shared import join
from keras_recipe.callbacks.trace import Trace
from keras_recipe.core.report import Report
from keras_recipe.data.batch import leaves, mapped, names
from keras_recipe.surgery.arriving import catch_next

#: Pixels along a side, or numbers of a row, that a picture keeps.
_SIDE = 64


class InputVisualizer(keras.callbacks.Callback):
    """Shows exactly what enters `model(x)` in `fit`: the first batch of some epochs.

    That is after the data pipeline, augmentation included, and before the model's own layers:
    what a preprocessing layer inside the model does to it is not seen, nor what a `train_step`
    of your own does before it calls the model. The first batch of the first evaluation in the
    fit is kept beside it, and KR211 compares the two. Losses stay the same bit for bit; on
    TensorFlow the look costs one more compilation of the step.

    Args:
        epochs: Epochs whose first batch is looked at, from 0.
        rows: Rows shown.
        class_names: Names of the classes by number; None shows the numbers.

    Attributes:
        trace: Holds `inputs` (facts of each part) and `pictures`; the fit's other callbacks of
            this package write to the same one.

    Example:
        >>> visualizer = InputVisualizer(epochs=(0, 1))
        >>> # model.fit(x, y, callbacks=[visualizer]); visualizer.report["KR211"]
    """

    def __init__(
        self,
        *,
        epochs: Sequence[int] = (0,),
        rows: int = 8,
        class_names: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        self.epochs, self.rows = tuple(epochs), int(rows)
        self.class_names = class_names
        self.trace = Trace()
        self._cancel: list[Callable[[], None]] = []
        self._training = False

    @property
    def report(self) -> Report:
        """What the live checks say of the trace."""
        return judge(self.trace)

    def on_train_begin(self, logs: Any = None) -> None:
        """Begin a new record."""
        self.trace, self._training = join(self)[0], True
        self.trace.inputs = {"training": [], "evaluation": [], "epochs": []}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Watch for the epoch's first batch."""
        if epoch in self.epochs:
            self._watch("train_function", "training", epoch)

    def on_test_begin(self, logs: Any = None) -> None:
        """Watch for the first batch of the fit's first evaluation."""
        if self._training and not self.trace.inputs["evaluation"]:
            self._watch("test_function", "evaluation", None)

    def on_train_end(self, logs: Any = None) -> None:
        """Take off what still waits."""
        self._training = False
        for cancel in self._cancel:
            cancel()
        self._cancel.clear()

    def _watch(self, function: str, part: str, epoch: int | None) -> None:
        trace = self.trace

        def keep(batch: Any) -> None:
            x, y = _arrays(batch)
            facts = [_facts(n, a) for n, a in zip(names(x, "x"), leaves(x), strict=True)]
            if epoch is None or not trace.inputs[part]:
                trace.inputs[part] = facts
            if epoch is not None:
                trace.inputs["epochs"].append(epoch)
            when = "evaluation" if epoch is None else f"epoch {epoch + 1}"
            trace.pictures.append(self._picture(f"What enters the model, {when}", x, y))

        self._cancel.append(catch_next(self._model, function, keep))

    def _picture(self, title: str, x: Any, y: Any) -> dict[str, Any]:
        inputs = leaves(x)[0][: self.rows]
        kind = _kind(inputs)
        labels = leaves(y)[0][: self.rows] if leaves(y) else np.zeros((0,))
        return {
            "kind": "examples",
            "title": title,
            "inputs": [_small(row, kind) for row in inputs],
            "inputs_kind": kind,
            "labels": [self._label(label) for label in labels],
            "predictions": [],
        }

    def _label(self, label: Any) -> str:
        flat = np.asarray(label).ravel()
        one_hot = flat.size > 1 and set(np.unique(flat)) <= {0, 1} and flat.sum() == 1
        if not one_hot and flat.size > 1:
            return " ".join(f"{v:.3g}" for v in flat[:6])
        value = float(flat.argmax()) if one_hot else float(flat[0])
        named = self.class_names is not None and value in range(len(self.class_names))
        return str(self.class_names[int(value)]) if named and self.class_names else f"{value:g}"

    def __getstate__(self) -> dict[str, Any]:
        """A copy is for another fit: the model stays with the original."""
        return {**self.__dict__, "_model": None, "_cancel": []}


def _arrays(batch: Any) -> tuple[Any, Any]:
    x, y, _ = keras.utils.unpack_x_y_sample_weight(tuple(batch))

    def array(tensor: Any) -> np.ndarray:
        return np.array(keras.ops.convert_to_numpy(tensor))

    return mapped(array, x), mapped(array, y)


def _facts(name: str, values: np.ndarray) -> dict[str, Any]:
    numbers = values.astype("float64")
    return {
        "name": name,
        "dtype": str(values.dtype),
        "shape": [int(size) for size in values.shape],
        "min": float(numbers.min()),
        "max": float(numbers.max()),
        "mean": float(numbers.mean()),
        "std": float(numbers.std()),
        "whole": bool((numbers == np.rint(numbers)).all()),
    }


def _kind(inputs: np.ndarray) -> str:
    """Return what a row looks like: an image, tokens, a series or a row of numbers."""
    if inputs.ndim == 4 and inputs.shape[-1] in (1, 3, 4):
        return "image"
    if inputs.ndim == 2 and inputs.dtype.kind in "iu":
        return "tokens"
    return "series" if inputs.ndim == 3 else "row"


def _small(row: np.ndarray, kind: str) -> Any:
    """Return a row as plain data, every so many pixels of a large image."""
    if kind == "image":
        step = max(1, -(-max(row.shape[:2]) // _SIDE))
        return row[::step, ::step].astype("float64").tolist()
    if kind == "series":
        return row[:: max(1, len(row) // 256)].astype("float64").tolist()
    return row.ravel()[:_SIDE].astype("int64" if kind == "tokens" else "float64").tolist()
