"""What one pass over all the data says: exact counts, moments, ranges and label facts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_recipe.data.batch import Batch, leaves, names
from keras_recipe.data.labels import Labels
from keras_recipe.data.leaf import Leaf

__all__ = ["Labels", "Leaf", "Statistics", "measure"]

MOST_ELEMENTS = 1_000_000  # elements a sample whose statistics are kept apart; else by channel
PIECE = 2**17  # elements worked on at a time: 1 MiB as float64 stays in the CPU's cache


@dataclass
class Statistics:
    """One pass over a source: a `Leaf` for each input, `Labels` for each target.

    String inputs are counted but not measured.

    Attributes:
        seed: Seed of the weights behind `Leaf.signature`.
        part: Number of the part of the data, which has weights of its own.
        x, y, weights: What is known of inputs, targets and sample weights.
        rows: Number of rows.
    """

    seed: int = 0
    part: int = 0
    x: list[Leaf] = field(default_factory=list)
    y: list[Labels] = field(default_factory=list)
    weights: list[Leaf] = field(default_factory=list)
    rows: int = 0

    def __post_init__(self) -> None:
        """Start the weights."""
        self._random = np.random.default_rng([self.seed, self.part])

    @property
    def all(self) -> list[Leaf]:
        """Inputs, targets and weights, in this order."""
        return [*self.x, *self.y, *self.weights]

    def add(self, batch: Batch) -> None:
        """Take in the next rows."""
        if not self.rows:
            self.x = _opened(Leaf, batch.x, "x")
            self.y = _opened(Labels, batch.y, "y")
            self.weights = _opened(Leaf, batch.sample_weight, "sample_weight")
        for piece in _pieces(batch):
            weights = self._random.standard_normal(len(piece))
            arrays = [leaf for part in piece.parts() for leaf in leaves(part)]
            for statistics, leaf in zip(self.all, arrays, strict=True):
                if statistics.numeric:
                    statistics.add(leaf, weights)
                else:
                    statistics.rows += len(leaf)
            self.rows += len(piece)

    def merge(self, other: Statistics) -> None:
        """Take in the rows of the part that follows; equal to one pass but for rounding."""
        if not self.rows:
            self.x, self.y, self.weights = other.x, other.y, other.weights
        elif other.rows:
            for mine, theirs in zip(self.all, other.all, strict=True):
                mine.merge(theirs)
        self.rows += other.rows


def _opened(kind: Any, structure: Any, root: str) -> list[Any]:
    made = []
    for name, leaf in zip(names(structure, root), leaves(structure), strict=True):
        shape = tuple(leaf.shape[1:])
        folded = shape[-1:] if math.prod(shape) > MOST_ELEMENTS else shape
        made.append(kind(name, folded, leaf.dtype, rank=len(shape)))
    return made


def _pieces(batch: Batch) -> Iterator[Batch]:
    """Yield the rows of `batch` in pieces whose float64 copies are small."""
    largest = max(leaf.size for part in batch.parts() for leaf in leaves(part))
    rows = max(1, PIECE * len(batch) // max(largest, 1))
    for start in range(0, len(batch), rows):
        yield batch.take(slice(start, start + rows))


def measure(batches: Iterable[Batch], seed: int = 0) -> Statistics:
    """Return the statistics of all rows of `batches`, in one pass and bounded memory.

    Args:
        batches: A fresh pass over the data.
        seed: Seed of the weights behind `Leaf.signature`.
    """
    found = Statistics(seed)
    for batch in batches:
        found.add(batch)
    return found
