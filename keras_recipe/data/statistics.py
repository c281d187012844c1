"""What one pass over all the data says: exact counts, moments, ranges and label facts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
    """One pass over a source: a `Leaf` for each input, `Labels` for each target."""

    x: list[Leaf]
    y: list[Labels]
    weights: list[Leaf]
    rows: int = 0

    @property
    def all(self) -> list[Leaf]:
        """Inputs, targets and weights, in this order."""
        return [*self.x, *self.y, *self.weights]


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

    String inputs are counted but not measured.

    Args:
        batches: A fresh pass over the data.
        seed: Seed of the weights behind `Leaf.signature`.
    """
    random = np.random.default_rng(seed)
    found: Statistics | None = None
    for batch in batches:
        if found is None:
            found = Statistics(
                _opened(Leaf, batch.x, "x"),
                _opened(Labels, batch.y, "y"),
                _opened(Leaf, batch.sample_weight, "sample_weight"),
            )
        for piece in _pieces(batch):
            weights = random.standard_normal(len(piece))
            arrays = [leaf for part in piece.parts() for leaf in leaves(part)]
            for statistics, leaf in zip(found.all, arrays, strict=True):
                if statistics.numeric:
                    statistics.add(leaf, weights)
                else:
                    statistics.rows += len(leaf)
            found.rows += len(piece)
    return found or Statistics([], [], [])
