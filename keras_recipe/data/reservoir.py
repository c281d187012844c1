"""A uniform sample of rows of a stream of unknown length."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from keras_recipe.data.batch import Batch, leaves


def _shapes(batch: Batch) -> list[tuple[int, ...]]:
    return [leaf.shape[1:] for part in batch.parts() for leaf in leaves(part)]


class Reservoir:
    """Keeps the rows with the largest random keys.

    Rows of another shape than the first one (sequences padded batch by batch) are left out:
    padding them would show the model what it never sees.

    Args:
        rows: Most rows kept.
        seed: Seed of the keys.

    Attributes:
        kept: The rows so far, in no particular order; None before the first.
    """

    def __init__(self, rows: int, seed: int) -> None:
        self.rows, self.random = rows, np.random.default_rng(seed)
        self.kept: Batch | None = None
        self.keys = np.empty(0)

    def watch(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Yield the batches on, keeping rows on the way."""
        for batch in batches:
            self._take_from(batch)
            yield batch

    def _take_from(self, batch: Batch) -> None:
        keys = self.random.random(len(batch))
        if self.kept is None:
            first = np.argsort(-keys)[: self.rows]
            self.kept, self.keys = batch.take(first), keys[first]
        elif _shapes(batch) != _shapes(self.kept):
            return
        elif len(self.kept) < self.rows:
            joined, keys = Batch.joined([self.kept, batch]), np.concatenate([self.keys, keys])
            best = np.argsort(-keys)[: self.rows]
            self.kept, self.keys = joined.take(best), keys[best]
        else:
            self._replace(batch, keys)

    def _replace(self, batch: Batch, keys: np.ndarray) -> None:
        """Overwrite kept rows in place: copying them all for each batch would cost more."""
        pairs = [
            (old, new)
            for mine, theirs in zip((self.kept or batch).parts(), batch.parts(), strict=True)
            for old, new in zip(leaves(mine), leaves(theirs), strict=True)
        ]
        for row in np.flatnonzero(keys > self.keys.min()):
            place = int(self.keys.argmin())
            if keys[row] > self.keys[place]:
                self.keys[place] = keys[row]
                for old, new in pairs:
                    old[place] = new[row]
