"""Fitting a few examples: how far the loss fell between the best constant and its floor."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.experiments.trial import advance
from keras_recipe.loss import LossUndefined, data_loss, predict
from keras_recipe.task import Head, Task

_LINKS = {"multiclass": "softmax", "binary": "sigmoid", "multilabel": "sigmoid"}
_SURE = 20.0  # a logit that is certain in float32: 1 - sigmoid(20) is 2e-9


@dataclass(frozen=True)
class Outcome:
    """What training on a few examples reached.

    Attributes:
        steps: Steps at which the loss was measured, starting at 0.
        losses: The model's own loss in inference mode at each of them.
        floor: Loss of the labels themselves as predictions: the lowest that can be reached.
        constant: Loss of the best prediction that is the same for every example.
        finished: Whether all steps asked for were done, or the floor was reached.
    """

    steps: Sequence[int]
    losses: Sequence[float]
    floor: float
    constant: float
    finished: bool

    @property
    def best(self) -> float:
        """The lowest finite loss."""
        return min((v for v in self.losses if np.isfinite(v)), default=float("inf"))

    @property
    def explained(self) -> float:
        """Share of the way from the best constant down to the floor; 1 is a perfect fit."""
        way = self.constant - self.floor
        return (self.constant - self.best) / way if way > 0 else float("nan")

    @property
    def has_risen(self) -> bool:
        """Whether the loss ended not finite, or above both its start and the best constant."""
        last = self.losses[-1]
        return not np.isfinite(last) or last > max(self.constant, self.losses[0])

    @property
    def is_flat(self) -> bool:
        """Whether the last third of the steps brought less than 2 % of the way."""
        way = self.constant - self.floor
        third = max(len(self.losses) * 2 // 3, 1)
        before = min(self.losses[:third])
        return bool(before - min(self.losses[third:], default=before) < 0.02 * way)


def vectors(head: Head, y: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Return labels as the predictions that would be perfect, in probabilities or units.

    Args:
        head: The output they belong to.
        y: Labels `(rows, ...)`.
        shape: Shape of the output with rows in front.
    """
    y = np.asarray(y, "float64")
    if head.sparse and head.units > 1 and head.kind in ("multiclass", "binary"):
        classes = np.clip(np.rint(y), 0, head.units - 1).astype("int64")
        classes = classes[..., 0] if classes.ndim == len(shape) else classes
        return np.eye(head.units)[classes].reshape(shape)
    return np.broadcast_to(y.reshape(shape) if y.size == np.prod(shape) else y, shape)


def _as_output(head: Head, values: np.ndarray) -> np.ndarray:
    """Return probabilities as this head would emit them (logits where the loss wants them)."""
    if not head.loss.from_logits or head.kind not in _LINKS:
        return values.astype("float32")
    inside = np.clip(values, np.exp(-_SURE), 1 - np.exp(-_SURE))
    logits = np.log(inside) if head.kind == "multiclass" else np.log(inside / (1 - inside))
    return logits.astype("float32")


def references(model: Any, task: Task, rows: Batch, outputs: Any) -> tuple[float, float]:
    """Return the loss of perfect and of the best constant predictions for `rows`.

    Examples with equal inputs cannot be told apart: their perfect prediction is their mean.

    Raises:
        LossUndefined: The loss cannot be computed on such predictions.
    """
    inputs = np.concatenate([leaf.reshape(len(rows), -1) for leaf in leaves(rows.x)], axis=1)
    _, groups = np.unique(
        inputs.astype("U") if inputs.dtype == object else inputs, axis=0, return_inverse=True
    )
    groups = groups.ravel()
    perfect, constant = [], []
    shapes = [leaf.shape for leaf in leaves(outputs)]
    for head, y, shape in zip(task.heads, leaves(rows.y), shapes, strict=False):
        ideal = vectors(head, y, shape)
        means = np.stack([ideal[groups == g].mean(0) for g in range(groups.max() + 1)])
        axes = tuple(range(ideal.ndim - 1))
        perfect.append(_as_output(head, means[groups]))
        constant.append(_as_output(head, np.broadcast_to(ideal.mean(axes), shape)))
    if len(perfect) != len(shapes):
        msg = "there is no target for each output"
        raise LossUndefined(msg)
    pack = keras.tree.pack_sequence_as
    return tuple(data_loss(model, rows, pack(outputs, p)) for p in (perfect, constant))  # type: ignore[return-value]


def few_examples(model: Any, task: Task, rows: Batch, most: int) -> Batch:
    """Return a few rows with as many different labels as can be, that the model could fit.

    Args:
        model: A built model; half as many examples as weights per output unit can always be
            fitted by a linear map.
        task: What is learned.
        rows: Where to choose from; the order decides.
        most: Most rows.
    """
    weights = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    units = max(sum(head.units for head in task.heads), 1)
    count = int(np.clip(weights // units // 2, 2, most))
    labels = np.asarray(leaves(rows.y)[0]).reshape(len(rows), -1)
    _, groups = np.unique(labels, axis=0, return_inverse=True)
    groups = groups.ravel()
    turn = np.array([np.sum(groups[:i] == g) for i, g in enumerate(groups)])
    return rows.take(np.argsort(turn, kind="stable")[:count])


def overfit(
    model: Any, rows: Batch, task: Task, *, steps: int, seconds: float, goal: float
) -> Outcome:
    """Train the model on a few rows and see how far the loss falls.

    Args:
        model: A compiled model; call it under `preserve`, regularisation off.
        rows: The few examples.
        task: What is learned.
        steps: Most optimizer steps, each on all rows.
        seconds: Time after which no further steps are started.
        goal: Stop when this share of the way to the floor is explained.
    """
    started = time.perf_counter()
    outputs = predict(model, rows.x)
    floor, constant = references(model, task, rows, outputs)
    marks, losses = [0], [data_loss(model, rows, outputs)]
    stride = max(steps // 12, 5)
    while marks[-1] < steps and np.isfinite(losses[-1]):
        count = min(stride, steps - marks[-1])
        advance(model, rows, count, len(rows))
        marks.append(marks[-1] + count)
        losses.append(data_loss(model, rows, predict(model, rows.x)))
        if losses[-1] <= constant - goal * (constant - floor):
            break
        if time.perf_counter() - started > seconds:
            return Outcome(marks, losses, floor, constant, finished=marks[-1] >= steps)
    return Outcome(marks, losses, floor, constant, finished=True)
