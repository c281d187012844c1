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
from keras_recipe.data.statistics import Statistics, measure

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


def read(source: Source, seed: int, like: Sketch | None = None) -> Read:
    """Return what a source holds, in one pass and bounded memory.

    Args:
        source: The data.
        seed: Decides the sample.
        like: The sketch of the split that this one is compared with.
    """
    each = sum(leaf.nbytes // len(leaf) for leaf in leaves(source.first.x))
    rows = int(min(SAMPLE_ROWS, max(LEAST_ROWS, SAMPLE_BYTES // max(each, 1))))
    contents, order = Contents(), Order(streamed=source.whole is None)
    sketch = Sketch(seed, like)
    batches = sketch.watch(order.watch(contents.watch(source.batches())))
    if source.whole is None:
        reservoir = Reservoir(rows, seed)
        statistics = measure(reservoir.watch(batches), seed)
        return Read(statistics, reservoir.kept or source.first, contents, order, sketch)
    chosen = np.random.default_rng(seed).permutation(len(source.whole))[:rows]
    sample = source.whole.take(np.sort(chosen))
    return Read(measure(batches, seed), sample, contents, order, sketch)
