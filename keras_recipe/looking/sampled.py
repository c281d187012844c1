"""The rows that are looked at: a bounded, seeded sample that knows where its rows stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.contents import Contents
from keras_recipe.data.files import Files
from keras_recipe.data.reservoir import Reservoir
from keras_recipe.data.sources import Source

LEAST_ROWS = 32
SAMPLE_BYTES = 256 * 2**20  # of inputs, targets left out: what a laptop holds beside the model


@dataclass(frozen=True, eq=False)
class Sampled:
    """Rows that are looked at.

    Attributes:
        batch: The rows, in the order of the data.
        places: Number of each row in the data, `(rows,)`.
        total: Number of rows of the data.
        drawn: How many of `batch` were drawn by chance; the others were asked for.
        seed: Seed of the draw.
        contents: Hashes of all rows of the data.
        shuffled: Whether the data come in another order in every pass.
        unlike: Rows of another shape than the first, which are left out.
        files: The files they were read from, if any.
    """

    batch: Batch
    places: np.ndarray
    total: int
    drawn: int
    seed: int
    contents: Contents
    shuffled: bool
    unlike: int
    files: Files | None

    @property
    def note(self) -> str:
        """Which rows these are, in words."""
        if self.drawn >= self.total:
            said = f"all {self.total} rows"
        else:
            said = f"{self.drawn} of {self.total} rows, drawn with seed {self.seed}"
            asked = len(self.places) - self.drawn
            said += f", and {asked} that the report names" if asked else ""
        said += f"; {self.unlike} rows of another shape are left out" if self.unlike else ""
        return f"{said}; they are shuffled in every pass" if self.shuffled else said

    def copies(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the group of equal inputs of each row, and how many rows it has.

        Returns:
            The place of the group's first row in the data, -1 for a row that is alone (or not
            known to have a copy, in data of more than 2,097,152 rows); and the sizes.
        """
        hashes, _, places = self.contents.columns
        order = np.lexsort((places, hashes))
        hashes, places = hashes[order], places[order]
        _, starts, inverse, counts = np.unique(
            hashes, return_index=True, return_inverse=True, return_counts=True
        )
        first, count = places[starts][inverse], counts[inverse]
        by_place = dict(zip(places.tolist(), zip(first, count, strict=True), strict=True))
        found = [by_place.get(place, (place, 1)) for place in self.places.tolist()]
        groups = [int(group) if size > 1 else -1 for group, size in found]
        return np.array(groups, "int64"), np.array([size for _, size in found], "int64")


def _numbered(source: Source) -> Iterator[Batch]:
    """Yield the batches with the place of each row where its weight would be."""
    start = 0
    for batch in source.batches():
        yield Batch(batch.x, batch.y, np.arange(start, start + len(batch)))
        start += len(batch)


def sampled(source: Source, rows: int, seed: int, asked: Iterable[int] = ()) -> Sampled:
    """Return a sample of a source, drawn in one pass and bounded memory.

    Args:
        source: The data.
        rows: Most rows drawn; fewer where they would fill more than 256 MiB.
        seed: Seed of the draw.
        asked: Places of rows that are wanted beside those drawn, as many as fill as much; the
            first count.
    """
    each = sum(leaf.nbytes // len(leaf) for leaf in leaves(source.first.x))
    most = max(LEAST_ROWS, SAMPLE_BYTES // max(each, 1))
    rows = int(min(rows, most))
    wanted, contents = set(list(dict.fromkeys(asked))[:most]), Contents()
    whole = source.whole
    reservoir, extra, total, unlike = Reservoir(0 if whole else rows, seed), [], 0, 0
    shape = _shape(source.first)
    for batch in _numbered(source):
        contents.add(batch)
        total += len(batch)
        if whole is not None:
            continue
        if _shape(batch) != shape:
            unlike += len(batch)
            continue
        reservoir.add(batch)
        named = np.flatnonzero(np.isin(batch.sample_weight, list(wanted)))
        extra += [batch.take(named)] if len(named) else []
    if whole is not None:
        drawn = np.random.default_rng(seed).permutation(total)[:rows]
        places = np.union1d(drawn, [place for place in wanted if place < total]).astype(int)
        kept = Batch(whole.x, whole.y).take(places)
    else:
        drawn, kept, places = _joined(reservoir.kept, extra)
    return Sampled(
        kept, places, total, len(drawn), seed, contents, bool(source.unseeded), unlike,
        source.files,
    )  # fmt: skip


def _shape(batch: Batch) -> list[tuple[int, ...]]:
    return [leaf.shape[1:] for part in (batch.x, batch.y) for leaf in leaves(part)]


def _joined(drawn: Batch | None, extra: list[Batch]) -> tuple[np.ndarray, Batch, np.ndarray]:
    """Return the places drawn, and all rows with their places, in the order of the data."""
    if drawn is None:  # a source always yields a batch; so says the type alone
        drawn = extra[0]
    joined = Batch.joined([drawn, *extra])
    places, first = np.unique(joined.sample_weight, return_index=True)
    kept = joined.take(first)
    return np.asarray(drawn.sample_weight), Batch(kept.x, kept.y), places.astype(int)
