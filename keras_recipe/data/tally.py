"""Everything a survey keeps of the rows of one part, and of all parts once they are merged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from keras_recipe.core.errors import InputError
from keras_recipe.data.accumulators import Accumulator
from keras_recipe.data.batch import Batch
from keras_recipe.data.contents import Contents
from keras_recipe.data.quantiles import Quantiles
from keras_recipe.data.reservoir import Reservoir
from keras_recipe.data.statistics import Statistics


@dataclass(eq=False)
class Tally:
    """What was found in rows.

    Attributes:
        statistics: Counts, moments, ranges, label counts.
        contents: Hashes of rows.
        reservoir: A sample of rows.
        quantiles: Sketches of quantiles.
        broken: Why reading ended early; `""` when it did not.
    """

    statistics: Statistics
    contents: Contents
    reservoir: Reservoir
    quantiles: Quantiles
    broken: str = ""

    @classmethod
    def empty(cls, rows: int, seed: int, part: int = 0) -> Tally:
        """Return one that has seen nothing.

        Args:
            rows: Most rows of the sample.
            seed: Decides the sample.
            part: Number of the part that will be read.
        """
        reservoir = Reservoir(rows, seed, part)
        return cls(Statistics(seed, part), Contents(), reservoir, Quantiles())

    @property
    def accumulators(self) -> tuple[Accumulator, ...]:
        """Those that take rows in."""
        return self.statistics, self.contents, self.reservoir, self.quantiles

    def add(self, batch: Batch) -> None:
        """Take in the next rows."""
        for one in self.accumulators:
            one.add(batch)

    def merge(self, other: Tally) -> None:
        """Take in what was found in the part that follows."""
        for mine, theirs in zip(self.accumulators, other.accumulators, strict=True):
            mine.merge(theirs)
        self.broken = self.broken or other.broken


def read_part(batches: Callable[[], Iterator[Batch]], rows: int, seed: int, part: int) -> Tally:
    """Return what a part of the data holds; where it cannot be read on, what came before.

    Args:
        batches: Starts a pass over it.
        rows: Most rows of the sample.
        seed: Decides the sample.
        part: Number of the part.
    """
    made = Tally.empty(rows, seed, part)
    try:
        for batch in batches():
            made.add(batch)
    except InputError as error:
        made.broken = str(error)
    return made
