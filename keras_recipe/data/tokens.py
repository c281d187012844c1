"""Which inputs are tokens: whole numbers or one-hot vectors over one vocabulary."""

from __future__ import annotations

import itertools

import numpy as np

PLACES = 16  # columns looked at to tell tokens from a table
LEAST_SHARED = 0.5  # share of a column's values that another column holds too, for tokens


def is_tokens(leaf: np.ndarray) -> bool:
    """Whether rows are sequences over one vocabulary: whole numbers that columns share."""
    if leaf.ndim != 2 or leaf.shape[1] < 2 or leaf.dtype.kind not in "biuf":
        return False
    if leaf.dtype.kind == "f" and not (leaf == np.rint(leaf)).all():
        return False
    if leaf.dtype.kind == "f" and leaf.max() > 1 / np.finfo(leaf.dtype).eps:  # whole by nature
        return False
    if leaf.min() < 0 or len(np.unique(leaf[:, :PLACES])) <= 2:
        return False
    sets = [set(np.unique(column).tolist()) for column in leaf.T[:PLACES]]
    pairs = itertools.pairwise(sets)
    return bool(np.mean([len(a & b) / min(len(a), len(b)) for a, b in pairs]) >= LEAST_SHARED)


def is_one_hot(leaf: np.ndarray) -> bool:
    """Whether rows are sequences of one-hot vectors `(steps, vocabulary)`."""
    if leaf.ndim != 3 or leaf.shape[-1] < 3:
        return False
    few = leaf[:64]
    return bool(((few == 0) | (few == 1)).all() and (few.sum(-1) == 1).mean() > 0.9)
