"""What a task asks of the last layer: its activation, the loss and what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.task import KINDS, Task

#: Kind of task -> activation of the last layer, loss, metric; "" for none.
_HEADS = {
    "binary": ("sigmoid", "binary_crossentropy", "accuracy"),
    "multiclass": ("softmax", "sparse_categorical_crossentropy", "accuracy"),
    "multilabel": ("sigmoid", "binary_crossentropy", "binary_accuracy"),
    "regression": ("linear", "mean_squared_error", "mean_absolute_error"),
    "counts": ("exponential", "poisson", ""),
}
_NEAR_BIAS = 0.01  # variance of the first scores, as a share of Keras's default start
STRUCTURES = ("sample", "token", "pixel")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the model must say.

    Attributes:
        kind: Kind of task, one of `KINDS` but `"unknown"`.
        units: Numbers it says for each sample, step or pixel.
        structure: What has a label: a `"sample"`, a `"token"` (each step) or a `"pixel"`.
        sparse: Whether classes are given as numbers rather than vectors.
    """

    kind: str
    units: int
    structure: str = "sample"
    sparse: bool = True

    def layer(self) -> Any:
        """Return the last layer."""
        activation = _HEADS[self.kind][0]
        if activation != "exponential":
            return keras.layers.Dense(self.units, activation=activation)
        # An exponential makes large numbers of ordinary ones: begin near the bias
        start = keras.initializers.VarianceScaling(_NEAR_BIAS, "fan_avg", "uniform")
        return keras.layers.Dense(self.units, activation=activation, kernel_initializer=start)

    def compile(self, model: Any, learning_rate: float) -> None:
        """Compile the model with Adam and the loss of the task."""
        _, loss, metric = _HEADS[self.kind]
        if self.kind == "multiclass" and not self.sparse:
            loss = "categorical_crossentropy"
        metrics = [metric] if metric else None
        model.compile(keras.optimizers.Adam(learning_rate), loss, metrics=metrics)


def wanted(task: Any, outputs: int | None, structure: str | None, y: Any) -> Wanted:
    """Return what the model must say, by the user's word and the labels.

    Args:
        task: A kind of task, or a `Task` with one output.
        outputs: Number of outputs or classes; from the task or the labels when None.
        structure: One of `STRUCTURES`; the task's, or `"sample"`, when None.
        y: Labels, or None.

    Raises:
        InputError: The task is unknown or has several outputs, or the number of outputs is
            neither given nor told by the labels.
    """
    sparse: bool | None = None
    if isinstance(task, Task):
        if len(task.heads) != 1:
            msg = f"A starter has one output. Received a task with {len(task.heads)} outputs."
            raise InputError(msg)
        head = task.heads[0]
        outputs = outputs or (1 if head.kind == "binary" else head.units)
        task, structure, sparse = head.kind, structure or head.structure, head.sparse
    if task not in _HEADS:
        known = ", ".join(kind for kind in KINDS if kind in _HEADS)
        msg = f"Unknown kind of task; expected one of {known}. Received: {task!r}"
        raise InputError(msg)
    structure = structure or "sample"
    if structure not in STRUCTURES:
        msg = f"`structure` must be one of {', '.join(STRUCTURES)}. Received: {structure!r}"
        raise InputError(msg)
    if outputs is not None and (
        isinstance(outputs, bool) or outputs != int(outputs) or outputs < 1
    ):
        msg = f"`outputs` must be a whole number of at least 1. Received: {outputs!r}"
        raise InputError(msg)
    told = _told(task, y, structure) if y is not None else (None, True)
    units = outputs or told[0] or _least(task)
    if task == "binary" and units != 1:
        msg = f"A binary task has 1 output; two outputs are `multiclass`. Received: {units}"
        raise InputError(msg)
    found = told[1] if sparse is None else sparse
    return Wanted(kind=task, units=int(units), structure=structure, sparse=found)


def _least(kind: str) -> int:
    if kind in ("multiclass", "multilabel"):
        msg = f"Say how many classes the {kind} task has: outputs=10, or give the labels y."
        raise InputError(msg)
    return 1


def _told(kind: str, y: Any, structure: str) -> tuple[int, bool]:
    """Return the number of outputs that the labels ask for, and whether they are numbers."""
    values = np.asarray(y)
    if values.dtype.kind not in "biuf" or not values.size:
        msg = f"The labels y must be numbers. Received: {values.dtype} of shape {values.shape}"
        raise InputError(msg)
    places = {"sample": 1, "token": 2, "pixel": 3}[structure]
    last = values.shape[-1] if values.ndim > places else 1
    low, high, whole = values.min(), values.max(), bool((values == np.rint(values)).all())
    if kind in ("binary", "multilabel") and not (low >= 0 and high <= 1):
        msg = f"The labels of a {kind} task must be 0 and 1. Received: {low:g} to {high:g}"
        raise InputError(msg)
    if kind == "counts" and low < 0:
        msg = f"Counts are never below 0. Received labels from {low:g} to {high:g}"
        raise InputError(msg)
    if kind == "multiclass" and last == 1:
        if low < 0 or not whole:
            msg = f"Classes are whole numbers from 0. Received: {low:g} to {high:g}"
            raise InputError(msg)
        return max(int(high) + 1, 2), True
    return last, False
