"""Training rows that are there twice with one label: as they are and mirrored or turned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.contents import Contents, both_hashes, row_hashes

FEW = 64  # rows that are looked up first
LEAST_SHARE = 0.2  # of them must have such a copy: what augmentation makes, not chance
LEAST_ROWS = 80

Turn = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class TurnedCopies:
    """Pairs of rows in the data, one of each pair the other turned, with equal targets.

    Attributes:
        text: What was done, in words.
        rows: The row of each pair that is stored first.
        turned: The inputs of the other rows, in the same order.
    """

    text: str
    rows: Batch
    turned: np.ndarray


def _turns(leaf: np.ndarray) -> Iterator[tuple[str, Turn]]:
    """Yield the ways to turn rows that keep their shape."""
    last = leaf.ndim - 1 if leaf.ndim == 2 or leaf.shape[-1] > 4 else leaf.ndim - 2
    axes = tuple(range(1, last + 1))[:3]
    for axis in axes:
        yield f"mirrored along axis {axis}", partial(np.flip, axis=axis)
    for one, two in ((a, b) for a in axes for b in axes if a < b):
        yield f"mirrored along axes {one} and {two}", partial(np.flip, axis=(one, two))
        if leaf.shape[one] == leaf.shape[two]:
            yield f"turned by a quarter in axes {one} and {two}", _quarter(1, one, two)
            yield f"turned by three quarters in axes {one} and {two}", _quarter(3, one, two)
            yield f"with axes {one} and {two} swapped", _swapped(one, two)


def _quarter(times: int, one: int, two: int) -> Turn:
    return lambda leaf: np.rot90(leaf, times, (one, two))


def _swapped(one: int, two: int) -> Turn:
    return lambda leaf: np.swapaxes(leaf, one, two)


def _places(contents: Contents, hashes: np.ndarray) -> np.ndarray:
    """Return the first place of each row in the data; the number of rows where it is not."""
    x, _, place = contents.columns
    order = np.lexsort((place, x))
    at = np.minimum(np.searchsorted(x[order], hashes), len(x) - 1)
    found = order[at]
    return np.where(x[found] == hashes, place[found], contents.rows)


def turned_copies(sample: Batch, contents: Contents) -> TurnedCopies | None:
    """Return the rows that are there a second time, mirrored or turned, with the same target.

    Args:
        sample: Some training rows, with one input of numbers and targets.
        contents: The hashes of all training rows, the inputs and both.

    Returns:
        The turn with the most copies; None where few rows have any.
    """
    inputs, targets = leaves(sample.x), leaves(sample.y)
    if len(inputs) != 1 or not targets or inputs[0].ndim < 2 or not contents.rows:
        return None
    if inputs[0].dtype.kind not in "biuf" or inputs[0].shape[1] < 2:
        return None
    known, best = np.unique(contents.columns[1]), None
    for text, turn in _turns(inputs[0]):
        first = slice(0, FEW)
        if (
            _known(inputs[0][first], [y[first] for y in targets], turn, known).mean()
            < LEAST_SHARE
        ):
            continue
        there = np.flatnonzero(_known(inputs[0], targets, turn, known))
        enough = len(there) >= max(LEAST_ROWS, LEAST_SHARE * len(sample))
        if enough and (best is None or len(there) > len(best[2])):
            best = text, turn, there
    return None if best is None else _pairs(sample, contents, *best)


def _known(
    leaf: np.ndarray, targets: list[np.ndarray], turn: Turn, known: np.ndarray
) -> np.ndarray:
    """Return which rows are there turned, with the same target; symmetric rows are not."""
    turned = np.ascontiguousarray(turn(leaf))
    both = both_hashes(row_hashes([turned]), targets)
    moved = (turned != leaf).reshape(len(leaf), -1).any(1)
    return np.isin(both, known) & moved


def _pairs(
    sample: Batch, contents: Contents, text: str, turn: Turn, there: np.ndarray
) -> TurnedCopies | None:
    """Return each pair once, the row that is stored first as it is."""
    rows = sample.take(there)
    leaf = leaves(rows.x)[0]
    turned = np.ascontiguousarray(turn(leaf))
    hashes = [row_hashes([one]) for one in (leaf, turned)]
    first = _places(contents, hashes[0]) <= _places(contents, hashes[1])
    _, kept = np.unique(np.where(first, *hashes), return_index=True)
    kept = np.sort(kept)
    pick = first[kept].reshape(-1, *[1] * (leaf.ndim - 1))
    plain = np.where(pick, leaf[kept], turned[kept])
    other = np.where(pick, turned[kept], leaf[kept])
    if len(kept) < LEAST_ROWS:
        return None
    return TurnedCopies(text, Batch(plain, rows.take(kept).y), other)
