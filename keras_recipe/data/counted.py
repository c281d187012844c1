"""The rows that count: as their sample weights say, and whether the loss leaves them out."""

from __future__ import annotations

import numpy as np

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.unseen import Target

LEAST_ROWS = 20  # fewer say nothing
FEW = 20  # different numbers of a target that are as good as classes


def with_weight(rows: Batch) -> Batch:
    """Return the rows that weigh something in any output: the others fill up a batch.

    All rows where too few would be left.
    """
    given = [np.asarray(leaf) for leaf in leaves(rows.sample_weight)]
    flat = [leaf.reshape(len(rows), -1) for leaf in given if len(leaf) == len(rows)]
    if not flat:
        return rows
    kept = np.any([np.any(leaf != 0, axis=1) for leaf in flat], axis=0)
    return rows if kept.all() or kept.sum() < LEAST_ROWS else rows.take(np.flatnonzero(kept))


def weights_of(rows: Batch, place: int) -> np.ndarray | None:
    """Return the weight of each row for a target; None where it has none, or one a token."""
    given = [np.asarray(leaf) for leaf in leaves(rows.sample_weight)]
    own = given[place if place < len(given) > 1 else 0] if given else np.empty(0)
    return np.abs(own.ravel().astype("float64")) if own.size == len(rows) else None


def labelled(labels: np.ndarray, ignored: int | None) -> np.ndarray:
    """Return the places of the rows whose label is not the one that the loss leaves out.

    All rows where too few would be left.
    """
    if ignored is None:
        return np.arange(len(labels))
    kept = np.any(np.asarray(labels).reshape(len(labels), -1) != ignored, axis=1)
    return np.flatnonzero(kept) if kept.sum() >= LEAST_ROWS else np.arange(len(labels))


def drawn(rows: Batch, place: int, target: Target, seed: int) -> np.ndarray:
    """Return the rows that count, drawn by their sample weights.

    A row of at least the mean weight is always there, one of a smaller weight as often as its
    share of the mean. The mean is that of the row's class, or of its number where these are
    few: class weights draw nothing. All rows whose weight is not 0 where the draw leaves too
    few.
    """
    size = weights_of(rows, place)
    if size is None:
        return np.arange(len(rows))
    kept = np.flatnonzero(size != 0)
    if not len(kept):
        return np.arange(len(rows))
    size, (known, label) = size[kept], np.unique(target.given[kept], return_inverse=True)
    if not target.classes and (len(known) > FEW or target.values.shape[1] > 1):
        label = np.zeros(len(kept), int)
    means = np.bincount(label, weights=size) / np.maximum(np.bincount(label), 1)
    share = size / means[label] + 1e-6  # equal weights differ from their mean by rounding
    found = kept[np.random.default_rng(seed).random(len(kept)) < share]
    return found if len(found) >= max(LEAST_ROWS, len(kept) / 10) else kept
