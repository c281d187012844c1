"""How much of what can be learned a model has learned."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.experiments.references import references
from keras_recipe.loss import data_loss, predict
from keras_recipe.task import Head, Task


def _classes(head: Head, values: np.ndarray) -> np.ndarray:
    """Return class numbers of predictions or labels."""
    if values.ndim > 1 and values.shape[-1] > 1:
        return values.argmax(-1).ravel()
    return values.ravel()


def accuracy_skill(head: Head, outputs: np.ndarray, y: np.ndarray) -> float:
    """Return the accuracy above that of always saying the most frequent class, over the rest.

    NaN where the output has no exclusive classes or the labels hold one only.
    """
    if head.kind not in ("binary", "multiclass"):
        return float("nan")
    said, right = _classes(head, outputs), _classes(head, y)
    values, counts = np.unique(right, return_counts=True)
    if len(values) < 2 or len(said) != len(right):
        return float("nan")
    if head.units == 1:
        border = 0.5 if not head.loss.from_logits and values[0] == 0 else 0.0
        said, right = said > border, right == values[-1]
    chance = counts.max() / counts.sum()
    return float(((said == right).mean() - chance) / (1 - chance))


def skill(model: Any, task: Task, rows: Batch, outputs: Any = None) -> float:
    """Return the share of what can be learned that the model shows on some rows.

    The share of the way from the best constant's loss to the lowest reachable one; or, where
    that is more, the accuracy above the most frequent class: large outputs can be right and
    have a large loss.

    Args:
        model: A compiled model.
        task: What is learned.
        rows: Rows with targets.
        outputs: What the model says of them; its predictions in inference mode by default.

    Raises:
        NotApplicable: The loss has no best constant or no floor to compare with.
    """
    outputs = predict(model, rows.x) if outputs is None else outputs
    floor, constant = references(model, task, rows, outputs)
    if not constant > floor:
        msg = "the loss has no best constant to compare with"
        raise NotApplicable(msg)
    explained = (constant - data_loss(model, rows, outputs)) / (constant - floor)
    found, targets = leaves(outputs), leaves(rows.y)
    shares = [
        accuracy_skill(head, np.asarray(found[head.index]), targets[head.target])
        for head in task.heads
        if head.target is not None
    ]
    shown = np.nanmean(shares) if np.isfinite(shares).any() else -np.inf
    return float(max(explained if np.isfinite(explained) else -np.inf, shown))
