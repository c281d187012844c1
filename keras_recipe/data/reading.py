"""What one pass over a split tells, all of it together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.contents import Contents
from keras_recipe.data.nearness import Sketch
from keras_recipe.data.order import Order
from keras_recipe.data.reservoir import Reservoir
from keras_recipe.data.sources import Source
from keras_recipe.data.statistics import Statistics

LEAST_ROWS = 32
SAMPLE_ROWS = 1024
SAMPLE_BYTES = 64 * 2**20  # a sample never takes more memory than this


@dataclass(frozen=True, eq=False)
class Read:
    """What one pass over a split tells.

    Attributes:
        statistics: Counts, moments, ranges and label facts of all rows.
        sample: At most 1024 of the rows.
        contents: Hashes of all rows.
        order: How the rows are stored.
        sketch: What says which rows are near each other.
    """

    statistics: Statistics
    sample: Batch
    contents: Contents
    order: Order
    sketch: Sketch


def sample_rows(first: Batch) -> int:
    """Return how many rows a sample has: 1024, fewer where they would fill 64 MiB."""
    each = sum(leaf.nbytes // len(leaf) for leaf in leaves(first.x))
    return int(min(SAMPLE_ROWS, max(LEAST_ROWS, SAMPLE_BYTES // max(each, 1))))


def read(source: Source, seed: int, like: Sketch | None = None) -> Read:
    """Return what a source holds, in one pass and bounded memory.

    Args:
        source: The data.
        seed: Decides the sample.
        like: The sketch of the split that this one is compared with.
    """
    rows = sample_rows(source.first)
    statistics, contents = Statistics(seed), Contents()
    order, sketch = Order(streamed=source.streamed), Sketch(seed, like)
    reservoir = Reservoir(rows if source.whole is None else 0, seed)
    for batch in source.batches():
        for one in (contents, order, sketch, statistics):
            one.add(batch)
        if reservoir.rows:
            reservoir.add(batch)
    sample = reservoir.kept or source.first
    if source.whole is not None:  # arrays can be asked for any row, so none need be kept
        chosen = np.random.default_rng(seed).permutation(len(source.whole))[:rows]
        sample = source.whole.take(np.sort(chosen))
    return Read(statistics, sample, contents, order, sketch)
