"""What data hold, told in one pass: by this process, or part by part on a dask cluster."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch
from keras_recipe.data.engines import each
from keras_recipe.data.labels import MOST_VALUES, Labels
from keras_recipe.data.leaf import Leaf
from keras_recipe.data.quantiles import is_table
from keras_recipe.data.reading import sample_rows
from keras_recipe.data.sources import Source
from keras_recipe.data.survey_table import table
from keras_recipe.data.tally import Tally, read_part


def _number(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None


@dataclass(frozen=True, eq=False)
class Survey:
    """What one pass over data tells.

    Counts, ranges, label counts and hashes are exact and of all rows; moments are exact to
    rounding; quantiles are sketched (see `Quantiles`).

    Attributes:
        kind: What the data came as.
        seed: Seed of the sample.
        parts: Number of parts that were read.
        tally: Everything that was found.
    """

    kind: str
    seed: int
    parts: int
    tally: Tally

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.tally.statistics.rows

    @property
    def broken(self) -> str:
        """Why reading ended before the data did; `""` when it did not."""
        return self.tally.broken

    @property
    def sample(self) -> Batch | None:
        """At most 1024 rows, drawn with `seed`, in random order."""
        return self.tally.reservoir.sample

    @cached_property
    def features(self) -> list[dict[str, Any]]:
        """Every column of a table, or all numbers of another input; targets and weights."""
        found = self.tally.statistics
        roles = ["x"] * len(found.x) + ["y"] * len(found.y) + ["weight"] * len(found.weights)
        pairs = zip(roles, found.all, strict=True)
        return [
            row for at, (role, leaf) in enumerate(pairs) for row in self._rows(at, role, leaf)
        ]

    @cached_property
    def duplicates(self) -> dict[str, Any]:
        """Rows whose inputs are those of an earlier row, by hash.

        Of more than 2,097,152 rows, those with small hashes are compared: copies stay
        together, so `share` keeps its expectation, and `exact` is False.
        """
        x = self.tally.contents.columns[0]
        again = len(x) - len(np.unique(x))
        exact = self.tally.contents.limit is None
        share = again / max(len(x), 1)
        return {"rows": again, "share": share, "compared": len(x), "exact": exact}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON."""
        sample = self.sample
        return {
            "kind": self.kind,
            "rows": self.rows,
            "broken": self.broken,
            "features": self.features,
            "labels": {leaf.name: _label_counts(leaf) for leaf in self.tally.statistics.y},
            "duplicates": self.duplicates,
            "sample": {"rows": 0 if sample is None else len(sample), "seed": self.seed},
            "parts": self.parts,
        }

    def __rich__(self) -> Any:
        return table(self.to_dict())

    def _rows(self, at: int, role: str, leaf: Leaf) -> Iterator[dict[str, Any]]:
        same = {"role": role, "dtype": str(leaf.dtype)}
        if not leaf.numeric:
            yield {"name": leaf.name, **same, "count": leaf.rows}
            return
        sizes = math.prod(leaf.shape)
        counts = np.broadcast_to(leaf.count, (sizes,))
        gaps = np.broadcast_to(leaf.gaps, (sizes,))
        if leaf.folded or not is_table(leaf.shape):
            names = ("mean", "std", "min", "max")
            count, gap = int(counts.sum()), int(gaps.sum())
            whole = {"name": leaf.name, **same, "count": count, "non_finite": gap}
            told = zip(names, leaf.overall, strict=True)
            whole |= {name: _number(value) if count else None for name, value in told}
            yield {**whole, "quantiles": self.tally.quantiles.of(at)}
            return
        columns = zip(leaf.mean, leaf.std, leaf.low, leaf.high, strict=True)
        for place, (mean, std, low, high) in enumerate(columns):
            known = counts[place] > 0
            yield {
                "name": f"{leaf.name}[:, {place}]",
                **same,
                "count": int(counts[place]),
                "non_finite": int(gaps[place]),
                "mean": _number(mean) if known else None,
                "std": _number(std) if known else None,
                "min": _number(low),
                "max": _number(high),
                "quantiles": self.tally.quantiles.of(at, place),
            }


def _label_counts(labels: Labels) -> dict[str, int] | None:
    """Return how often each label occurs; None when there are more than 4096 of them."""
    counts: dict[float, int] | None = labels.values if labels.units == 1 else None
    if labels.is_one_hot and 1 < labels.units <= MOST_VALUES:
        counts = dict(enumerate(np.rint(labels.class_counts(labels.units)).astype(int)))
    if counts is None:
        return None
    return {_said(value): int(count) for value, count in sorted(counts.items())}


def _said(label: float) -> str:
    """Return a label so that no two look alike."""
    return str(int(label)) if float(label).is_integer() else repr(float(label))


def survey(
    source: Source,
    *,
    seed: int = 0,
    engine: str = "local",
    scheduler: str | None = None,
    workers: int | None = None,
) -> Survey:
    """Return what data hold, read once in bounded memory.

    The parts of a source are read and merged in order, by whatever engine: the result is the
    same. (A dataset that draws its rows at random must draw from generators of its own or from
    the global ones.)

    Args:
        source: The data (see `open_source`).
        seed: Decides the sample.
        engine: `"local"`, or `"dask"` for the workers of a cluster.
        scheduler: Address of a dask scheduler; a cluster on this computer when None.
        workers: Processes of that cluster; one for each core when None.

    Raises:
        InputError: Nothing could be read, the data can only be read in one go but an engine
            of many processes was asked for, or the engine cannot be had.
    """
    if engine != "local" and not source.partitions:
        msg = f'The {source.kind} can only be read in one go; read it with engine="local".'
        raise InputError(msg)
    rows = sample_rows(source.first)
    readers = source.partitions or (source.batches,)
    jobs = ((reader, rows, seed, part) for part, reader in enumerate(readers))
    whole, parts = Tally.empty(rows, seed), 0
    with closing(each(read_part, jobs, engine, scheduler, workers)) as found:
        for tally in found:
            whole.merge(tally)
            parts += 1
            if whole.broken:
                break
    if not whole.statistics.rows:
        raise InputError(whole.broken or "There is no data: nothing could be read.")
    return Survey(source.kind, seed, parts, whole)
