"""A uniform sample of rows of a stream of unknown length."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from keras_recipe.data.batch import Batch, leaves


def _shapes(batch: Batch) -> list[tuple[int, ...]]:
    return [leaf.shape[1:] for part in batch.parts() for leaf in leaves(part)]


@dataclass(eq=False)
class Reservoir:
    """Keeps the rows with the largest random keys (Efraimidis and Spirakis 2006).

    A row's key follows from the seed, the number of the part it lies in and its place there,
    so that the samples of all parts, merged, are the sample of the whole, whoever read them.

    Rows of another shape than the first one (sequences padded batch by batch) are left out:
    padding them would show the model what it never sees.

    Attributes:
        rows: Most rows kept.
        seed: Seed of the keys.
        part: Number of the part of the data that is read.
        kept: The rows so far, in no particular order; None before the first.
        keys: Their keys.
    """

    rows: int
    seed: int
    part: int = 0
    kept: Batch | None = None
    keys: np.ndarray = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        """Start the keys."""
        self._random = np.random.default_rng([self.seed, self.part])

    def add(self, batch: Batch) -> None:
        """Take in the next rows."""
        keys = self._random.random(len(batch))
        if self.kept is None or len(self.kept) < self.rows:
            self._join(batch, keys)
        elif _shapes(batch) == _shapes(self.kept):
            self._replace(self.kept, batch, keys)

    def merge(self, other: Reservoir) -> None:
        """Take in the sample of the part that follows."""
        if other.kept is not None:
            self._join(other.kept, other.keys)

    @property
    def sample(self) -> Batch | None:
        """The rows kept, the largest key first: the same however they were read."""
        return None if self.kept is None else self.kept.take(np.argsort(-self.keys))

    def _join(self, batch: Batch, keys: np.ndarray) -> None:
        """Keep the best of what is there and of these rows."""
        if self.kept is not None:
            if _shapes(batch) != _shapes(self.kept):
                return
            batch = Batch.joined([self.kept, batch])
            keys = np.concatenate([self.keys, keys])
        best = np.argsort(-keys)[: self.rows]
        self.kept, self.keys = batch.take(best), keys[best]

    def _replace(self, kept: Batch, batch: Batch, keys: np.ndarray) -> None:
        """Overwrite kept rows in place: copying them all for each batch would cost more."""
        pairs = [
            (old, new)
            for mine, theirs in zip(kept.parts(), batch.parts(), strict=True)
            for old, new in zip(leaves(mine), leaves(theirs), strict=True)
        ]
        if any(np.result_type(old, new) != old.dtype for old, new in pairs):
            self._join(batch, keys)  # longer words, fractions: they would be cut
            return
        for row in np.flatnonzero(keys > self.keys.min()):
            place = int(self.keys.argmin())
            if keys[row] > self.keys[place]:
                self.keys[place] = keys[row]
                for old, new in pairs:
                    old[place] = new[row]
