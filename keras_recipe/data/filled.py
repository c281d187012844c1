"""Data with the mean of their column in the place of gaps, to look at all the rest."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import keras
import numpy as np

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.sources import Source


def filled(source: Source, means: Sequence[np.ndarray]) -> Source:
    """Return a source whose inputs have a number wherever they had NaN or infinity.

    Args:
        source: The data.
        means: What is put there, for each input: an array that broadcasts to its rows.
    """

    def mended(batch: Batch) -> Batch:
        found = [
            np.where(np.isfinite(leaf), leaf, mean).astype(leaf.dtype)
            if leaf.dtype.kind == "f"
            else leaf
            for leaf, mean in zip(leaves(batch.x), means, strict=True)
        ]
        return batch.with_x(keras.tree.pack_sequence_as(batch.x, found))

    def batches() -> Iterator[Batch]:
        return map(mended, source.batches())

    whole = None if source.whole is None else mended(source.whole)
    return dataclasses.replace(
        source, batches=batches, first=mended(source.first), whole=whole, partitions=()
    )
