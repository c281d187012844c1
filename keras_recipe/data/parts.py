"""Parts of a dataset whose batches can be asked for by number: for many processes to read."""

from __future__ import annotations

import functools
import importlib
import math
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_recipe.backend import current
from keras_recipe.core.errors import KerasRecipeError
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.elements import broken, unpacked
from keras_recipe.data.untouched import untouched

ROWS = 2**16  # of one part, unless these are too many bytes
BYTES = 64 * 2**20  # of the rows of one part

#: Opens the batches of a range of numbers, of the dataset that is given first.
Opens = Callable[[Any, range], Iterator[Batch]]


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Start the global random generators from `seed`, and put them back on leaving.

    A dataset that draws from them gives the same rows in every process.
    """
    backends: list[Any] = [current()]
    if "torch" in sys.modules:  # what a DataLoader draws from
        backends.append(importlib.import_module("keras_recipe.backend.torch"))
    before = random.getstate(), np.random.get_state(), [one.rng_state() for one in backends]
    try:
        random.seed(seed)
        np.random.seed(seed)
        for one in backends:
            one.seed(seed)
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        for one, state in zip(backends, before[2], strict=True):
            one.set_rng_state(state)


@dataclass(frozen=True, eq=False)
class Part:
    """Some batches of a dataset; a call starts a pass over them.

    Attributes:
        data: The dataset, which is sent to another process once, whatever its number of parts.
        reads: Opens the batches of a range of numbers.
        numbers: Which batches.
    """

    data: Any
    reads: Opens
    numbers: range

    def __call__(self) -> Iterator[Batch]:
        """Yield the batches; the dataset and the generators it draws from stay as they are."""
        with untouched(*_inside(self.data)), _seeded(self.numbers.start):
            yield from self.reads(self.data, self.numbers)


def _inside(data: Any) -> list[Any]:
    """Return the dataset and, of a loader, what it holds."""
    return [data, *(getattr(data, name, None) for name in ("dataset", "sampler"))]


def of_py_dataset(data: Any, count: int | None, first: Batch) -> tuple[Part, ...]:
    """Return the parts of a `keras.utils.PyDataset`; none where it does not know its length.

    Args:
        data: The dataset.
        count: Number of batches.
        first: The first batch.
    """
    return () if count is None else _cut(data, _of_numbers, count, first)


def _of_numbers(data: Any, numbers: range) -> Iterator[Batch]:
    for number in numbers:
        with _told("PyDataset", number):
            batch = unpacked(data[number], "PyDataset")
        yield batch


def of_loader(loader: Any, first: Batch) -> tuple[Part, ...]:
    """Return the parts of a torch `DataLoader`, in the order of its dataset.

    It has parts where it yields every row of a map-style dataset once: in order, or shuffled
    by torch's own sampler. (Of shuffled rows it leaves some out with `drop_last`, others each
    time; the parts hold all of them.)

    Args:
        loader: The loader.
        first: The first batch.
    """
    sampler, batches = loader.sampler, loader.batch_sampler
    if not loader.batch_size or _kind(batches) != "BatchSampler":
        return ()
    if not hasattr(loader.dataset, "__len__") or not hasattr(loader.dataset, "__getitem__"):
        return ()
    rows = len(loader.dataset)
    if _kind(sampler) == "SequentialSampler":
        rows -= rows % loader.batch_size if loader.drop_last else 0
    elif _kind(sampler) != "RandomSampler" or sampler.replacement or len(sampler) != rows:
        return ()
    reads = functools.partial(_of_rows, rows=rows)
    return _cut(loader, reads, math.ceil(rows / loader.batch_size), first)


def _kind(sampler: Any) -> str:
    """Return the name of a sampler of torch's own; "" of another, whatever it draws."""
    own = type(sampler).__module__ == "torch.utils.data.sampler"
    return type(sampler).__name__ if own else ""


def _of_rows(loader: Any, numbers: range, rows: int) -> Iterator[Batch]:
    dataset, size = loader.dataset, loader.batch_size
    for number in numbers:
        places = list(range(number * size, min((number + 1) * size, rows)))
        with _told("DataLoader", number):
            several = getattr(dataset, "__getitems__", None)  # as torch's own fetcher asks
            samples = several(places) if several else [dataset[place] for place in places]
            batch = unpacked(loader.collate_fn(samples), "DataLoader")
        yield batch


@contextmanager
def _told(kind: str, number: int) -> Iterator[None]:
    """Turn what the user's dataset raises into one sentence."""
    try:
        yield
    except KerasRecipeError:
        raise
    except Exception as error:  # the user's code, with errors of its own
        raise broken(kind, f"at batch {number}", error) from error


def _cut(data: Any, reads: Opens, count: int, first: Batch) -> tuple[Part, ...]:
    """Return the parts of `count` batches, cut by the size of the first one."""
    rows = max(len(first), 1)
    size = max(sum(leaf.nbytes for part in first.parts() for leaf in leaves(part)), 1)
    each = max(1, min(ROWS // rows, BYTES // size))
    starts = range(0, count, each)
    return tuple(Part(data, reads, range(start, min(start + each, count))) for start in starts)
