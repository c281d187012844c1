"""Counts, moments and ranges of one array, taken in piece by piece."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MOST_INDICES = 20  # example rows named in a finding


@dataclass(eq=False)
class Leaf:
    """Statistics of one array over all rows; every array attribute has shape `shape`.

    Attributes:
        name: `"x"`, `"x['image']"`, `"y[1]"`, ….
        shape: Shape of one row, `()` for scalars; channels only (`shape[-1:]`) when a row is
            very large, and channels or `()` when rows differ in shape.
        dtype: NumPy dtype as the data has it.
        rank: Number of axes of one row, whatever `shape` was folded to.
        rows: Number of rows seen.
        bad_rows: Number of rows with a NaN or infinity.
        bad_indices: The first of them, at most 20.
        total, squares: Sums over finite values, float64, shifted by `shift`.
        count: Number of finite values per element.
        gaps: Number of the others per element: NaN and infinities.
        low, high: Smallest and largest finite value per element.
        signature: Weighted sums, equal (to rounding) for equal columns; None when folded.
        weight: Sum of the weights of finite values per element.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    rank: int = -1
    rows: int = 0
    bad_rows: int = 0
    bad_indices: list[int] = field(default_factory=list)
    count: Any = 0
    gaps: Any = 0
    total: Any = 0.0
    squares: Any = 0.0
    shift: Any = None
    low: Any = math.inf
    high: Any = -math.inf
    signature: Any = 0.0
    weight: Any = 0.0

    def __post_init__(self) -> None:
        """Take the rank from the shape where none was given."""
        self.rank = len(self.shape) if self.rank < 0 else self.rank

    @property
    def numeric(self) -> bool:
        """Whether the array holds numbers (not strings, dates or objects)."""
        return self.dtype.kind in "biuf" or self.dtype.name == "bfloat16"

    @property
    def folded(self) -> bool:
        """Whether elements of one row were put together: rows very large, or of many shapes."""
        return len(self.shape) < self.rank

    def add(self, array: np.ndarray, weights: np.ndarray) -> None:
        """Take in the next rows; `weights` are fixed random numbers, one a row."""
        rows = len(array)
        tail = array.shape[array.ndim - len(self.shape) :]
        if tail != self.shape or array.ndim - 1 != self.rank:
            self._fold(array.shape[1:])
        flat = np.asarray(array, dtype="float64").reshape(-1, math.prod(self.shape))
        if self.shift is None:
            self.shift = np.nan_to_num(flat[0], posinf=0.0, neginf=0.0)
        centred = flat - self.shift
        with np.errstate(invalid="ignore"):  # both infinities in one column
            total = centred.sum(0)
        if np.isfinite(total).all():
            counted, weight = len(flat), weights.sum()
        else:
            flat, centred, finite = self._cleaned(flat, rows)
            counted, total = finite.sum(0), centred.sum(0)
            weight = None if self.folded else weights @ finite
            self.gaps = self.gaps + len(flat) - counted
        self.rows += rows
        self.count = self.count + counted
        self.total = self.total + total
        self.squares = self.squares + np.einsum("ij,ij->j", centred, centred)
        self.low = np.fmin(self.low, np.fmin.reduce(flat, 0))
        self.high = np.fmax(self.high, np.fmax.reduce(flat, 0))
        if not self.folded:
            self.signature = self.signature + weights @ centred
            self.weight = self.weight + weight

    def merge(self, other: Leaf) -> None:
        """Take in what was found of the rows that follow.

        Sums are moved to the same shift and added, as Chan, Golub and LeVeque (1983) merge
        moments: equal to one pass but for rounding; counts, ranges and indices are equal.
        """
        room = MOST_INDICES - len(self.bad_indices)
        self.bad_indices = self.bad_indices + [i + self.rows for i in other.bad_indices[:room]]
        self.bad_rows += other.bad_rows
        self.rows += other.rows
        if other.shift is None:
            return
        other = copy.copy(other)
        if self.shift is None:
            self.shape, self.rank, self.shift = other.shape, other.rank, other.shift
            self.signature = None if other.signature is None else self.signature
        elif other.shape != self.shape or other.rank != self.rank:
            alike = self.rank > 1 and other.shape[-1:] == self.shape[-1:]
            for one in (self, other):
                one.fold_to(self.shape[-1:] if alike else ())
        self._sum(other)

    def _sum(self, other: Leaf) -> None:
        """Add the sums of a leaf of the same shape."""
        step = other.shift - self.shift
        moved = other.squares + 2 * step * other.total + other.count * step**2
        self.squares = self.squares + moved
        self.total = self.total + other.total + other.count * step
        self.count, self.gaps = self.count + other.count, self.gaps + other.gaps
        self.low, self.high = np.fmin(self.low, other.low), np.fmax(self.high, other.high)
        if self.signature is None or other.signature is None:
            self.signature = None
        else:
            self.signature = self.signature + other.signature + step * other.weight
            self.weight = self.weight + other.weight

    def _cleaned(
        self, flat: np.ndarray, rows: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Note bad rows; return values with NaN, centred ones with 0, and what is finite."""
        finite = np.isfinite(flat)
        bad = np.flatnonzero(~finite.reshape(rows, -1).all(axis=1))
        self.bad_rows += len(bad)
        room = MOST_INDICES - len(self.bad_indices)
        self.bad_indices += [int(i) + self.rows for i in bad[:room]]
        flat = np.where(finite, flat, np.nan)
        return flat, np.nan_to_num(flat - self.shift), finite

    def _fold(self, other: tuple[int, ...]) -> None:
        """Put elements together so that rows of shape `other` fit too."""
        alike = len(self.shape) > 1 and other[-1:] == self.shape[-1:]
        self.fold_to(self.shape[-1:] if alike else ())

    def fold_to(self, shape: tuple[int, ...]) -> None:
        """Put elements together so that `shape` is left, the last of the axes or none."""
        if self.shift is not None:
            groups = math.prod(shape)

            def grouped(values: Any) -> np.ndarray:
                return self._shaped(values).reshape(-1, groups)

            shift = grouped(self.shift)[0]
            step, n, total = (
                grouped(self.shift) - shift,
                grouped(self.count),
                grouped(self.total),
            )
            squares = grouped(self.squares) + 2 * step * total + n * step**2
            self.squares, self.total = squares.sum(0), (total + n * step).sum(0)
            self.count, self.shift = n.sum(0), shift
            self.gaps = grouped(self.gaps).sum(0)
            self.low, self.high = grouped(self.low).min(0), grouped(self.high).max(0)
        self.shape, self.signature = shape, None

    def _shaped(self, values: Any) -> np.ndarray:
        return np.broadcast_to(values, (math.prod(self.shape),)).reshape(self.shape)

    @property
    def mean(self) -> np.ndarray:
        """Mean of the finite values per element."""
        shift = 0.0 if self.shift is None else self.shift
        return self._shaped(self.total / np.maximum(self.count, 1) + shift)

    @property
    def std(self) -> np.ndarray:
        """Population standard deviation per element; exactly 0 where all values are equal."""
        n = np.maximum(self.count, 1)
        variance = np.maximum(self.squares / n - (self.total / n) ** 2, 0.0)
        return self._shaped(np.sqrt(variance) * (self.low < self.high))

    @property
    def constant(self) -> np.ndarray:
        """Whether all finite values of an element are equal, per element."""
        return self._shaped(self.low >= self.high)

    @property
    def overall(self) -> tuple[float, float, float, float]:
        """Mean, standard deviation, smallest and largest value over all elements together."""
        counts = np.broadcast_to(self.count, (math.prod(self.shape),))
        n, means = max(float(counts.sum()), 1.0), self.mean.ravel()
        mean = float(np.sum(means * counts)) / n
        spread = np.square(self.std).ravel() + (means - mean) ** 2
        std = math.sqrt(float(np.sum(spread * counts)) / n)
        low, high = np.min(self.low, initial=math.inf), np.max(self.high, initial=-math.inf)
        return mean, std, float(low), float(high)
