"""A fixed batch's predictions as training goes on: how they settle, or jitter."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_recipe.callbacks.monitor import judge
from keras_recipe.callbacks.probing import as_pace
from keras_recipe.callbacks.shared import join
from keras_recipe.callbacks.trace import Trace
from keras_recipe.core.errors import InputError
from keras_recipe.core.report import Report
from keras_recipe.data.batch import leaves
from keras_recipe.surgery.activity import state_kept


class PredictionDynamics(keras.callbacks.Callback):
    """Predicts the same rows after every epoch and records how much the predictions move.

    Where the labels are classes, `flips` is the share of rows whose class changed since the
    epoch before; else it is the mean move of a prediction, relative to the spread of the labels
    (of the predictions, without labels). KR212 judges the last third of the training.

    Args:
        x: Inputs as for `predict`, arrays of some 16 to 256 rows that are not trained on.
        y: Their labels, for the pictures and to tell classes from numbers.
        rows: Rows whose predictions are kept from look to look.
        pace: Epochs from one look to the next, 1 or more.

    Attributes:
        trace: Holds `predictions`: `kind` (`"classes"` or `"values"`), `flips` a look,
            `history` (a look, a row), `labels` and `pace`.

    Raises:
        InputError: `x` has fewer than two rows, `y` has another number of them, or `pace` is
            below 1.

    Example:
        >>> dynamics = PredictionDynamics(np.zeros((16, 4)), np.arange(16) % 2)
        >>> # model.fit(x, y, callbacks=[dynamics]); dynamics.report["KR212"]
    """

    def __init__(self, x: Any, y: Any = None, *, rows: int = 32, pace: int = 1) -> None:
        super().__init__()
        sizes = {len(part) for part in (*leaves(x), *leaves(y))}
        if len(sizes) != 1 or sizes.pop() < 2:
            msg = (
                "PredictionDynamics needs two rows or more, and as many labels. Received: "
                f"{[np.shape(part) for part in (*leaves(x), *leaves(y))]}"
            )
            raise InputError(msg)
        self.x, self.rows, self.pace = x, int(rows), as_pace(pace) or 1
        self._labels = np.asarray(leaves(y)[0]) if leaves(y) else None
        self.trace = Trace()
        self._last: np.ndarray | None = None
        self._epochs = 0

    @property
    def report(self) -> Report:
        """What the live checks say of the trace."""
        return judge(self.trace)

    def on_train_begin(self, logs: Any = None) -> None:
        """Begin a new record."""
        self.trace, self._last, self._epochs = join(self)[0], None, 0
        self.trace.predictions = {
            "kind": "values",
            "flips": [],
            "history": [],
            "labels": [],
            "pace": self.pace,
        }

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Predict, and compare with the look before."""
        self._epochs += 1
        if (self._epochs - 1) % self.pace:
            return
        model, record = self.model, self.trace.predictions
        with state_kept(model):
            outputs = keras.tree.flatten(model.predict_on_batch(self.x))
        found = np.asarray(outputs[0], "float64").reshape(len(outputs[0]), -1)
        classes = _classes(found, self._labels)
        record["kind"] = "values" if classes is None else "classes"
        now = found if classes is None else classes[:, None]
        record["history"].append(now[: self.rows, 0].tolist())
        if self._labels is not None:
            record["labels"] = _label_numbers(self._labels, classes)[: self.rows]
        if self._last is not None:
            record["flips"].append(_moved(self._last, now, self._labels, classes))
        self._last = now

    def __getstate__(self) -> dict[str, Any]:
        """A copy is for another fit: the model stays with the original."""
        return {**self.__dict__, "_model": None}


def _classes(found: np.ndarray, labels: np.ndarray | None) -> np.ndarray | None:
    """Return the predicted class of each row; None where the labels are not classes."""
    if labels is None or labels.size not in (len(found), found.size):
        return None
    whole = labels.dtype.kind in "biu" or bool((labels == np.rint(labels)).all())
    units = found.shape[1]
    if units > 1:
        exclusive = labels.size == len(found) or bool(
            (labels.reshape(found.shape).sum(1) == 1).all()
        )
        inside = labels.min() >= 0 and labels.max() < units
        return found.argmax(axis=1) if whole and exclusive and inside else None
    binary = whole and set(np.unique(labels)) <= {0, 1}
    logits = bool(found.min() < 0 or found.max() > 1)
    return (found[:, 0] > (0.0 if logits else 0.5)).astype("int64") if binary else None


def _label_numbers(labels: np.ndarray, classes: np.ndarray | None) -> list[float]:
    wide = labels.reshape(len(labels), -1)
    one_hot = classes is not None and wide.shape[1] > 1
    return (wide.argmax(axis=1) if one_hot else wide[:, 0]).astype("float64").tolist()


def _moved(
    before: np.ndarray, now: np.ndarray, labels: np.ndarray | None, classes: np.ndarray | None
) -> float:
    if classes is not None:
        return float((before != now).mean())
    scale = float(np.std(labels.astype("float64")) if labels is not None else np.std(now))
    return float(np.abs(now - before).mean() / max(scale, 1e-30))
