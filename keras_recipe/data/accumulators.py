"""What is known of rows that were read: one shape for all that takes them in and is merged."""

from __future__ import annotations

from typing import Protocol, Self

from keras_recipe.data.batch import Batch


class Accumulator(Protocol):
    """Takes rows in, batch by batch, and keeps what it tells of them in bounded memory.

    One that read a part of the data takes in another that read the part after it: merged in
    order, the parts tell what one pass tells. All of them can be pickled. `Statistics`,
    `Contents`, `Reservoir` and `Quantiles` are such.
    """

    def add(self, batch: Batch) -> None:
        """Take in the next rows."""

    def merge(self, other: Self) -> None:
        """Take in what `other` knows of the rows that follow; `other` is used up."""
