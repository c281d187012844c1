"""The loss of perfect and of constant predictions: what a training's loss is measured by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.labels import one_hot
from keras_recipe.loss import LossUndefined, data_loss
from keras_recipe.task import Head, Task

_LINKS = {"multiclass": "softmax", "binary": "sigmoid", "multilabel": "sigmoid"}
_SURE = 20.0  # a logit that is certain in float32: 1 - sigmoid(20) is 2e-9


def vectors(head: Head, y: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Return labels as the predictions that would be perfect, in probabilities or units.

    Args:
        head: The output they belong to.
        y: Labels `(rows, ...)`.
        shape: Shape of the output with rows in front.

    Raises:
        LossUndefined: Labels and output have different shapes.
    """
    y = np.asarray(y, "float64")
    if head.sparse and head.units > 1 and head.kind in ("multiclass", "binary"):
        classes = np.clip(np.rint(np.nan_to_num(y)), 0, head.units - 1).astype("int64")
        if classes.size == np.prod(shape[:-1]):
            return one_hot(classes, head.units).reshape(shape)
    if y.size == np.prod(shape):
        return y.reshape(shape)
    try:
        wider = y[..., None] if y.ndim == len(shape) - 1 else y
        return np.array(np.broadcast_to(wider, shape))
    except ValueError as error:
        msg = f"labels of shape {y.shape} do not fit outputs of shape {tuple(shape)}"
        raise LossUndefined(msg) from error


def _as_output(head: Head, values: np.ndarray) -> np.ndarray:
    """Return probabilities as this head would emit them (logits where the loss wants them)."""
    if not head.loss.from_logits or head.kind not in _LINKS:
        return values.astype("float32")
    inside = np.clip(values, np.exp(-_SURE), 1 - np.exp(-_SURE))
    logits = np.log(inside) if head.kind == "multiclass" else np.log(inside / (1 - inside))
    return logits.astype("float32")


def same_inputs(rows: Batch) -> np.ndarray:
    """Return a number for each row; rows with equal inputs have the same."""
    parts = [np.asarray(leaf) for leaf in leaves(rows.x)]
    known: dict[Any, int] = {}
    found = []
    for i in range(len(rows)):
        key = tuple(
            repr(part[i].tolist()) if part.dtype.kind in "OSUT" else part[i].tobytes()
            for part in parts
        )
        found.append(known.setdefault(key, len(known)))
    return np.array(found)


def _weights(rows: Batch) -> np.ndarray:
    """Return one weight a row; ones where weights are more than one a row."""
    given = leaves(rows.sample_weight)
    if len(given) != 1 or np.size(given[0]) != len(rows):
        return np.ones(len(rows))
    weights = np.maximum(np.asarray(given[0], "float64").ravel(), 0.0)
    return weights if weights.sum() > 0 else np.ones(len(rows))


def references(
    model: Any, task: Task, rows: Batch, outputs: Any, *, by_place: bool = False
) -> tuple[float, float]:
    """Return the loss of perfect and of the best constant predictions for `rows`.

    Examples with equal inputs cannot be told apart: their perfect prediction is their mean.
    The best constant is the better of the labels' mean and median.

    Args:
        model: A compiled model.
        task: What is learned.
        rows: Rows with targets.
        outputs: What the model says of them; an output without a target keeps its values.
        by_place: A constant for every place of an output: the best that is possible without
            the inputs. Else one for every class or unit.

    Raises:
        LossUndefined: The loss cannot be computed on such predictions.
    """
    groups, weights = same_inputs(rows), _weights(rows)
    made: dict[str, list[Any]] = {"perfect": [], "mean": [], "median": []}
    targets = leaves(rows.y)
    for head, said in zip(task.heads, leaves(outputs), strict=False):
        if head.target is None or head.target >= len(targets):
            for values in made.values():
                values.append(said)
            continue
        ideal = vectors(head, targets[head.target], said.shape)
        axes = (0,) if by_place else tuple(range(ideal.ndim - 1))
        means = np.stack(
            [
                np.average(ideal[groups == g], axis=0, weights=weights[groups == g] + 1e-12)
                for g in range(groups.max() + 1)
            ]
        )
        flat = np.average(ideal, axis=0, weights=weights)
        flat = flat if by_place else flat.mean(tuple(range(flat.ndim - 1)))
        made["perfect"].append(_as_output(head, means[groups]))
        made["mean"].append(_as_output(head, np.broadcast_to(flat, said.shape)))
        middle = np.broadcast_to(np.median(ideal, axes), said.shape)
        made["median"].append(_as_output(head, middle))
    if len(made["mean"]) != len(leaves(outputs)):
        msg = "there is no target for each output"
        raise LossUndefined(msg)
    losses = {
        name: data_loss(model, rows, keras.tree.pack_sequence_as(outputs, values))
        for name, values in made.items()
    }
    return losses["perfect"], float(np.fmin(losses["mean"], losses["median"]))
