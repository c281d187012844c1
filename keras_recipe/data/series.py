"""Whether rows are windows over one series: the end of one is the beginning of the next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_recipe.data.coincidence import chance_of_equal_rows, expected_share
from keras_recipe.data.contents import row_hashes

STEPS = 3  # a window has at least so many; two of them may agree by chance
LEAST = 8  # rows that have a next one
HALF = 0.5  # of the rows known have the next one among them


def are_windows(arrays: Sequence[np.ndarray], rows: int) -> bool:
    """Whether rows, in whatever order, are overlapping windows over one series.

    A window that begins a step later has all but the first step of the one before, and in
    that order. A series that repeats itself (a sine) makes equal windows of different times.

    Args:
        arrays: Inputs of a sample, `(rows, steps)` or `(rows, steps, channels)`; one of them.
        rows: Rows in all: of a part of them only a part has its next one in the sample.
    """
    if len(arrays) != 1 or arrays[0].ndim not in (2, 3) or arrays[0].dtype.kind not in "iuf":
        return False
    (leaf,) = arrays
    if leaf.shape[1] < STEPS or not len(leaf):
        return False
    moving = (leaf != leaf[:, :1]).reshape(len(leaf), -1).any(1)  # a standstill follows itself
    heads, tails = leaf[moving, :-1], leaf[moving, 1:]
    if len(heads) < LEAST:
        return False
    followed = np.isin(row_hashes([tails]), row_hashes([heads]))
    chance = expected_share(chance_of_equal_rows([heads]), len(heads))
    known = min(1.0, len(leaf) / max(rows, 1))
    share = float(followed.mean())
    return bool(followed.sum() >= LEAST and share > HALF * known and share > 2 * chance)
