"""A few training rows that a model could learn by heart."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.loss import tensors
from keras_recipe.surgery.layers import walk
from keras_recipe.task import Task

SMALL_ROW = 16_384  # bytes; with larger rows, filling the batch up costs more than compiling


def few_examples(model: Any, task: Task, rows: Batch, most: int) -> Batch:
    """Return a few rows with as many different labels as can be, that the model could fit.

    Args:
        model: A built model; half as many examples as weights per output unit can always be
            fitted by a linear map. Vectors of many numbers pass a narrow layer only if there
            are no more examples than it has units, and one.
        task: What is learned.
        rows: Where to choose from; the order decides. Rows of weight 0 are left out.
        most: Most rows.

    Raises:
        NotApplicable: No row has a weight.
    """
    rows = _weighted(_unmasked(model, rows))
    trainable = model.trainable_variables
    units = max(sum(head.units for head in task.heads), 1)
    count = sum(int(np.prod(v.shape)) for v in trainable) // units // 2
    vectors = any(h.units > 1 and h.kind not in ("binary", "multiclass") for h in task.heads)
    if vectors:
        widths = [v.shape[-1] for v in trainable if len(v.shape) > 1]
        count = min(count, min(widths, default=1) + 1)
    labels = np.asarray(leaves(rows.y)[0]).reshape(len(rows), -1)
    _, groups = np.unique(labels, axis=0, return_inverse=True)
    groups = groups.ravel()
    turn = np.array([np.sum(groups[:i] == g) for i, g in enumerate(groups)])
    return rows.take(np.argsort(turn, kind="stable")[: int(np.clip(count, 2, most))])


def filled(few: Batch, rows: int) -> Batch:
    """Return the examples over and over until there are `rows`: one batch of the usual shape.

    The compiled step of other checks is used again then, and a model for one fixed batch size
    takes it. Large rows stay as they are.
    """
    each = sum(leaf.nbytes for leaf in leaves(few.x)) / len(few)
    return few if each > SMALL_ROW else few.take(np.arange(max(rows, len(few))) % len(few))


def _weighted(rows: Batch) -> Batch:
    """Return the rows that count for the loss."""
    given = [np.asarray(w).reshape(len(rows), -1) for w in leaves(rows.sample_weight)]
    if not given:
        return rows
    counts = np.any([(w > 0).any(1) for w in given], axis=0)
    if not counts.any():
        msg = "every row of the batch has the weight 0"
        raise NotApplicable(msg)
    return rows.take(np.flatnonzero(counts))


def _unmasked(model: Any, rows: Batch) -> Batch:
    """Return the rows with weight 0 where the model masks its own output, as `fit` does."""
    masking = (keras.layers.Masking, keras.layers.Embedding)
    if not any(
        isinstance(layer, masking) and getattr(layer, "mask_zero", True)
        for _, layer in walk(model)
    ):
        return rows
    found = keras.tree.flatten(model(tensors(rows.x)))
    mask = getattr(found[0], "_keras_mask", None)  # Keras has no public name for it
    if len(found) != 1 or mask is None or len(mask.shape) != 2:
        return rows
    weights = np.asarray(keras.ops.convert_to_numpy(mask), "float32")
    for given in leaves(rows.sample_weight):
        weights = weights * np.asarray(given, "float32").reshape(len(rows), -1)
    return Batch(rows.x, rows.y, weights)
