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
OUTPUT_BYTES = 256 * 2**20  # nor what a model says of it: as much as rows that are looked at


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


def sample_rows(first: Batch, outputs: int = 0) -> int:
    """Return how many rows a sample has: 1024, fewer where they would fill too much memory.

    Args:
        first: Some rows.
        outputs: Bytes of what a model says of one row; 0 without a model.
    """
    each = sum(leaf.nbytes // len(leaf) for leaf in leaves(first.x))
    most = min(SAMPLE_BYTES // max(each, 1), OUTPUT_BYTES // max(outputs, 1))
    return int(min(SAMPLE_ROWS, max(LEAST_ROWS, most)))


def read(source: Source, seed: int, like: Sketch | None = None, outputs: int = 0) -> Read:
    """Return what a source holds, in one pass and bounded memory.

    Args:
        source: The data.
        seed: Decides the sample.
        like: The sketch of the split that this one is compared with.
        outputs: Bytes of what a model says of one row; 0 without a model.
    """
    rows = sample_rows(source.first, outputs)
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
