"""How often two rows are equal by chance: few states give equal rows without any copying."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from keras_recipe.data.contents import row_hashes
from keras_recipe.data.tokens import is_tokens

SPREAD = 3.0  # values are not spread evenly over their range: that many times as often equal
HEAVY = 20  # a value that fills more rows of the sample is a state of its own, not a number
COLUMNS = 64  # columns looked at for being finely graded


def _equal_pairs(hashes: np.ndarray) -> float:
    """Return the share of pairs of rows that are equal, never 0."""
    counts = np.unique(hashes, return_counts=True)[1].astype("float64")
    rows = len(hashes)
    pairs = rows * (rows - 1) / 2
    return float((counts * (counts - 1) / 2).sum() + 1) / (pairs + 1)


def _graded(column: np.ndarray) -> float:
    """Return the chance that two values of a column are equal, by how fine its grades are.

    The finest step between two values says how many the range could hold; values that are
    frequent (zeros, codes for "unknown") count by their frequency.
    """
    values, counts = np.unique(column[np.isfinite(column)], return_counts=True)
    if len(values) < HEAVY:
        return 1.0
    steps = np.diff(values.astype("float64"))
    cells = float(values[-1] - values[0]) / max(float(steps.min()), 1e-300)
    heavy = counts[counts > max(HEAVY, 0.002 * len(column))] / len(column)
    return min(1.0, float(np.square(heavy).sum()) + SPREAD / max(cells, 1.0))


def _halves(leaf: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two parts of the columns; neighbours go together where columns have an order."""
    flat = leaf.reshape(len(leaf), math.prod(leaf.shape[1:]))
    if leaf.ndim > 2 or leaf.dtype.kind in "iuUS":
        cut = flat.shape[1] // 2
        return flat[:, :cut], flat[:, cut:]
    return flat[:, ::2], flat[:, 1::2]


def chance_of_equal_rows(arrays: Sequence[np.ndarray]) -> float:
    """Return the chance that two rows, drawn independently, are equal in every column.

    Columns are put into two halves. Two rows that are equal in one half by chance need a
    second chance in the other; a copy needs none. So the product of both halves' shares of
    equal pairs is small for copies of rich rows, and large where there are few states.

    Args:
        arrays: Inputs of a sample, `(rows, ...)` each.
    """
    halves: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for leaf in arrays:
        for half, part in zip(halves, _halves(leaf), strict=True):
            if part.shape[1]:
                half.append(part)
    chance = 1.0
    for half in halves:
        if not half:
            continue
        equal = _equal_pairs(row_hashes(half))
        numeric = [part for part in half if part.dtype.kind == "f"]
        for part in numeric:
            few = np.unique(np.linspace(0, part.shape[1] - 1, COLUMNS).astype(int))
            equal = min([equal, *(_graded(part[:, j]) for j in few)])
        chance *= equal
    return _alone(arrays, chance)


def _alone(arrays: Sequence[np.ndarray], chance: float) -> float:
    """Return `chance`, or for a single column what its grades say: it has no halves."""
    sizes = [math.prod(a.shape[1:]) for a in arrays]
    if sum(sizes) != 1 or arrays[0].dtype.kind not in "biuf":
        return chance
    return _graded(arrays[0].reshape(-1).astype("float64"))


def are_tokens(arrays: Sequence[np.ndarray]) -> bool:
    """Whether all inputs are sequences of token numbers, or text: these repeat by nature."""
    return all(
        leaf.ndim < 3 and (leaf.dtype.kind in "iuUS" or is_tokens(leaf)) for leaf in arrays
    )


def expected_share(chance: float, rows: int) -> float:
    """Return the share of rows that have an equal among `rows` others by chance."""
    return -math.expm1(rows * math.log1p(-min(chance, 1 - 1e-12)))
