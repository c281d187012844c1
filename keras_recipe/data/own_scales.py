"""Splits of which each was scaled by its own mean and deviation, or its own range.

A scaler that was fitted on the training rows leaves the mean of other rows as far from 0 as
chance has it. Where it is 0 to the last digits in them too, they were scaled by themselves.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from keras_recipe.data.leaf import Leaf

EXACT = (
    0.003  # of a standard error: by chance once in 400 means, once in 90,000 with deviations
)
RICH = 50  # different values; fewer are codes, whose means are often the same
MOST = 4096  # numbers of a row that are looked at one by one
EVEN = 0.01  # spread of the means of rows under which each row was standardised by itself
TOUCH = 1e-6  # of the range: rounding in float32
OFTEN = 0.9  # share of values met once, in amounts that are not rounded
COLUMNS = 4  # least that reach both ends; two ends of one are touched in 1 of 25 by clipping
MOST_OF = 0.8  # of the columns that must
SAME = 0.95  # correlation of ranks from which on columns count as one (powers of one grid)


@dataclass(frozen=True)
class OwnScale:
    """What shows that both splits were scaled, each by itself.

    Attributes:
        name: Of the input or target.
        what: What holds in both, in words, and why that is no chance.
        off: The greatest distance from it in the held-out rows.
        chance: Least distance that rows scaled like those of training would have.
    """

    name: str
    what: str
    off: float
    chance: float


@dataclass(frozen=True)
class _Part:
    """Numbers of a row that were scaled together: one column, a channel, or all.

    Attributes:
        mean, std: Of each, over all rows.
        errors: Standard errors of these two, told by the sample; `(2, parts)`.
        rich: Whether a part's row means take many values that differ.
        rows: Number of rows.
    """

    mean: np.ndarray
    std: np.ndarray
    errors: np.ndarray
    rich: np.ndarray
    rows: int

    @property
    def exact(self) -> np.ndarray:
        """Whether mean and deviation are 0 and 1 far more closely than chance has it."""
        wide = self.std * math.sqrt(self.rows / max(self.rows - 1, 1))  # as pandas divides
        gaps = np.minimum(np.abs(self.std - 1), np.abs(wide - 1))
        near = (np.abs(self.mean) < EXACT * self.errors[0]) & (gaps < EXACT * self.errors[1])
        return np.asarray(near & self.rich)


def _part(leaf: Leaf, sample: np.ndarray, shape: tuple[int, ...]) -> _Part | None:
    """Return the numbers of a row put together so that `shape` is left."""
    count = math.prod(shape)
    rows = np.nan_to_num(sample.astype("float64")).reshape(len(sample), -1, count)
    means, squares = rows.mean(1), np.square(rows).mean(1)
    if rows.shape[1] > 1 and (means.std(0) < EVEN).any():
        return None  # each row, or each of its channels, was standardised by itself
    known = copy.copy(leaf)
    if known.shape != shape:
        known.fold_to(shape)
    few = min(RICH, 0.5 * len(rows))
    errors = np.stack([means.std(0), squares.std(0) / 2]) / math.sqrt(max(leaf.rows, 1))
    rich = np.array([len(np.unique(column)) >= few for column in means.T])
    return _Part(known.mean.ravel(), known.std.ravel(), errors, rich, leaf.rows)


def _scopes(leaf: Leaf) -> Iterator[tuple[tuple[int, ...], str]]:
    if leaf.shape and math.prod(leaf.shape) <= MOST:
        yield leaf.shape, "column" if len(leaf.shape) == 1 else "place"
    if leaf.rank > 1 and leaf.shape[-1] > 1:
        yield leaf.shape[-1:], "channel"
    yield (), "input"


def _standardised(
    leaf: Leaf, held: Leaf, samples: tuple[np.ndarray, np.ndarray], stored: np.ndarray | None
) -> OwnScale | None:
    for shape, kind in _scopes(leaf):
        parts = [_part(a, b, shape) for a, b in zip((leaf, held), samples, strict=True)]
        if parts[0] is None or parts[1] is None:
            continue
        mine = parts[0].exact
        both = mine & parts[1].exact
        if not both.any() or both.sum() < mine.sum() / 2:
            continue
        if shape == leaf.shape and stored is not None and _in_groups(stored, both):
            return None
        off = float(np.abs(parts[1].mean[both]).max())
        number = f"{both.sum()} of {both.size} {kind}s have" if both.size > 1 else "it has"
        chance = float(parts[1].errors[0][both].min())
        what = (
            f"{number} mean 0 and deviation 1, here to {off:.1g} where rows scaled like those "
            f"of training would miss it by about {chance:.1g}"
        )
        return OwnScale(leaf.name, what, off, chance)
    return None


def _in_groups(stored: np.ndarray, chosen: np.ndarray) -> bool:
    """Whether sums over the first rows come back to 0 in all columns at once.

    So they do where groups of rows (persons, days) are standardised each by itself.
    """
    sums = np.cumsum(stored.reshape(len(stored), -1)[:, chosen].astype("float64"), axis=0)
    away = np.abs(sums[1:-1]).max(1, initial=0.0)
    return bool((away < 1e-4 * np.sqrt(np.arange(2, len(sums)))).any())


def _different(rows: np.ndarray) -> np.ndarray:
    """Return which columns are in another order than every one before them."""
    ranks = rows.argsort(0).argsort(0).astype("float64")
    strength = np.abs(np.corrcoef(ranks, rowvar=False))
    return np.asarray(np.triu(strength, 1).max(0) < SAME)


def _ranged(leaf: Leaf, held: Leaf, samples: tuple[np.ndarray, np.ndarray]) -> OwnScale | None:
    """Judge columns of amounts that all reach the same two ends, once in each split."""
    if len(leaf.shape) != 1 or leaf.shape[0] < COLUMNS:
        return None
    single = _different(samples[0])
    for rows in samples:
        known = [np.unique(column, return_counts=True) for column in rows.T]
        single &= np.array(
            [
                len(values) >= OFTEN * len(rows) and max(counts[0], counts[-1]) == 1
                for values, counts in known
            ]
        )
    low, high = float(np.median(leaf.low)), float(np.median(leaf.high))
    touch = TOUCH * max(high - low, 1e-12)
    ends = [
        (np.abs(one.low - low) < touch) & (np.abs(one.high - high) < touch)
        for one in (leaf, held)
    ]
    mine, both = single & ends[0], single & ends[0] & ends[1]
    if both.sum() < max(COLUMNS, MOST_OF * mine.sum()):
        return None
    what = (
        f"{both.sum()} of {both.size} columns reach from {low:.4g} to {high:.4g}, each end in "
        "a single row, which rows scaled together do not do twice"
    )
    return OwnScale(leaf.name, what, 0.0, (high - low) / max(held.rows, 1))


def own_scale(
    known: Sequence[Leaf],
    held: Sequence[Leaf],
    samples: tuple[Sequence[np.ndarray], Sequence[np.ndarray]],
    stored: Sequence[np.ndarray] | None = None,
) -> OwnScale | None:
    """Return the first input or target that was scaled in both splits, each by itself.

    Args:
        known: Statistics of the training rows.
        held: Those of other rows, none of them a copy of a training row.
        samples: Some rows of both.
        stored: The first training rows as they are stored, where that is known.
    """
    opening: list[np.ndarray | None] = [*stored] if stored else [None for _ in known]
    rows = zip(known, held, *samples, opening, strict=True)
    for mine, other, x, held_x, first in rows:
        plain = mine.dtype.kind == "f" and mine.shape == other.shape and len(held_x) > 2
        if not plain or x.shape[1:] != held_x.shape[1:] or mine.bad_rows or other.bad_rows:
            continue
        found = _standardised(mine, other, (x, held_x), first)
        if found := found or _ranged(mine, other, (x, held_x)):
            return found
    return None
