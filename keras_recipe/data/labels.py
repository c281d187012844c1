"""What one pass over the targets says of them: values, classes, distributions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_recipe.data.leaf import Leaf

MOST_VALUES = 4096  # distinct whole-number labels counted exactly; more is a continuous target
MOST_FRACTIONS = 64  # the same for labels that are not whole (soft labels): sorting is slow


def one_hot(classes: np.ndarray, units: int) -> np.ndarray:
    """Return class numbers as vectors, float64 `(..., units)`, without a square of all classes.

    Args:
        classes: Whole numbers from 0 to `units - 1`, of any shape.
        units: Number of classes.
    """
    made = np.zeros((classes.size, units))
    made[np.arange(classes.size), classes.ravel()] = 1.0
    return made.reshape(*classes.shape, units)


@dataclass(eq=False)
class Labels(Leaf):
    """Statistics of one target array.

    Attributes:
        values: Count of each distinct value, or None when there are more than 4096 (64 when
            they are not whole numbers).
        integers: Whether every finite value is a whole number.
        unit_rows: Number of vectors (last axis) that are non-negative and sum to 1.
        one_hot_rows: Number of vectors that are one 1 among zeros.
        vectors: Number of vectors seen; 0 for scalar labels.
    """

    values: dict[float, int] | None = field(default_factory=dict)
    integers: bool = True
    unit_rows: float = 0.0
    one_hot_rows: float = 0.0
    vectors: int = 0

    def add(self, array: np.ndarray, weights: np.ndarray) -> None:
        """Take in the next rows."""
        super().add(array, weights)
        flat = np.asarray(array, dtype="float64")
        if self.values is not None or self.integers:
            self._count(flat[np.isfinite(flat)])
        if flat.ndim > 1 and flat.shape[-1] > 1:
            vectors = flat.reshape(-1, flat.shape[-1])
            self.vectors += len(vectors)
            vectors = vectors[np.abs(vectors.sum(-1) - 1) < 1e-3]  # as float16 sums
            vectors = vectors[(vectors >= 0).all(-1)]
            self.unit_rows += len(vectors)
            self.one_hot_rows += float((vectors.max(-1) == 1).sum()) if len(vectors) else 0.0

    def merge(self, other: Leaf) -> None:
        """Take in what was found of the rows that follow; counts are those of one pass."""
        super().merge(other)
        if not isinstance(other, Labels):
            return
        self.integers = self.integers and other.integers
        self.unit_rows += other.unit_rows
        self.one_hot_rows += other.one_hot_rows
        self.vectors += other.vectors
        if self.values is None or other.values is None:
            self.values = None
        else:
            self._count_pairs(other.values.items())

    def _count(self, finite: np.ndarray) -> None:
        if not len(finite):
            return
        self.integers = self.integers and bool((finite == np.rint(finite)).all())
        if self.values is None:
            return
        low, high = finite.min(), finite.max()
        if self.integers and high - low < 2**16:
            counts = np.bincount((finite - low).astype("int64"))
            found = np.flatnonzero(counts)
            pairs = zip(found + low, counts[found], strict=True)
        else:
            pairs = zip(*np.unique(finite, return_counts=True), strict=True)
        self._count_pairs(pairs)

    def _count_pairs(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        if self.values is None:
            return
        for value, count in pairs:
            self.values[float(value)] = self.values.get(float(value), 0) + int(count)
        if len(self.values) > (MOST_VALUES if self.integers else MOST_FRACTIONS):
            self.values = None

    @property
    def distribution_share(self) -> float:
        """Share of label vectors that are a distribution over the last axis."""
        return self.unit_rows / self.vectors if self.vectors else 0.0

    @property
    def one_hot_share(self) -> float:
        """Share of label vectors that are one-hot."""
        return self.one_hot_rows / self.vectors if self.vectors else 0.0

    @property
    def is_one_hot(self) -> bool:
        """Whether every label vector is one-hot."""
        return self.vectors > 0 and self.one_hot_rows == self.vectors

    @property
    def is_distribution(self) -> bool:
        """Whether every label vector is a distribution (one-hot or soft)."""
        return self.vectors > 0 and self.unit_rows == self.vectors

    @property
    def units(self) -> int:
        """Size of the last axis; 1 for scalar labels."""
        return self.shape[-1] if self.shape else 1

    def class_counts(self, classes: int) -> np.ndarray:
        """Return how often each class occurs, shape `(classes,)`.

        One-hot, soft and multi-hot labels are summed; integer labels are counted, those
        outside `0 … classes - 1` left out.
        """
        if self.units == classes and classes > 1 and not self._is_sparse(classes):
            shift = 0.0 if self.shift is None else self.shift
            sums = self._shaped(self.total + np.asarray(shift) * self.count)
            return sums.reshape(-1, classes).sum(0)
        counts = np.zeros(classes)
        for value, count in (self.values or {}).items():
            if value == int(value) and 0 <= value < classes:
                counts[int(value)] += count
        return counts

    def _is_sparse(self, classes: int) -> bool:
        return self.integers and float(np.max(self.high)) > 1 and classes > 2
