"""Whether the prediction for a sample depends on the other samples of its batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_recipe.data.batch import Batch, leaves, mapped
from keras_recipe.experiments.dependency import LARGEST_CHART, by_backprop, by_change, matrix

SMALL = 2**20  # bytes of a batch, and weights of a model, that are predicted in no time


def others_replaced(batch: Batch, keep: slice) -> Any:
    """Return the inputs with every row outside `keep` turned into a copy of one row."""

    def replaced(array: np.ndarray) -> np.ndarray:
        copy = np.repeat(array[keep][:1], len(array), axis=0)
        copy[keep] = array[keep]
        return copy

    return mapped(replaced, batch.x)


def _scale(values: np.ndarray) -> float:
    return max(float(np.ptp(values)), 1e-3 * float(np.abs(values).max()), 1e-12)


def difference(a: Any, b: Any, rows: slice) -> float:
    """Return the largest change of any output on `rows`, in units of the outputs' spread."""
    changes = [0.0]
    for one, two in zip(leaves(a), leaves(b), strict=True):
        before, after = np.asarray(one, "float64"), np.asarray(two, "float64")
        changes.append(float(np.max(np.abs(before[rows] - after[rows]))) / _scale(before))
    return max(changes)


def chart(model: Any, batch: Batch, outputs: Any, *, mixed: bool) -> list[dict[str, Any]]:
    """Return pictures of how much each sample's output depends on each sample's input.

    By changing inputs, at most 16 groups of samples one after the other; where samples are
    mixed and all inputs have gradients, by backprop too. For a large healthy model none.

    Args:
        model: A built model.
        batch: Rows.
        outputs: What the model says of them.
        mixed: Whether some output depends on another sample.
    """
    rows = len(batch)
    heavy = max(sum(leaf.nbytes for leaf in leaves(batch.x)), model.count_params()) > SMALL
    if rows > LARGEST_CHART or (heavy and not mixed):
        return []

    def effect(part: Any) -> np.ndarray:
        order = np.arange(rows)
        order[part] = np.roll(order, rows // 2)[part]
        moved = model.predict_on_batch(batch.take(order).x)
        pairs = zip(leaves(outputs), leaves(moved), strict=True)
        arrays = [(np.asarray(a, "float64"), np.asarray(b, "float64")) for a, b in pairs]
        gaps = [np.abs(a - b).reshape(rows, -1).max(1) / _scale(a) for a, b in arrays]
        return np.asarray(np.max(gaps, axis=0))

    title = "How much the output of each sample depends on each sample of the batch"
    columns = "input, sample" if rows <= 16 else "input, samples in groups"
    pictures = [matrix(by_change(effect, rows), title, columns, "output, sample")]
    gradient = by_backprop(model, batch.x, outputs, axis=0) if mixed else None
    if gradient is not None:
        labels = "input, sample", columns.replace("input", "output")
        pictures.append(matrix(gradient, "The same by backprop", *labels))
    return pictures
