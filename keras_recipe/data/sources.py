"""Every kind of input Keras takes, as rewindable batches of NumPy arrays."""

from __future__ import annotations

import dataclasses
import functools
import importlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from keras_recipe.core.errors import InputError, KerasRecipeError
from keras_recipe.data.arrays import is_from, rows_of, structure
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.elements import broken, unpacked
from keras_recipe.data.files import Files
from keras_recipe.data.parts import of_loader, of_py_dataset
from keras_recipe.data.untouched import untouched

CHUNK = 2048  # rows of arrays in one batch
PART_ROWS = 32 * CHUNK  # rows of arrays in one partition, unless these are too many bytes
PART_BYTES = 64 * 2**20  # what another process is sent at a time
ENDLESS = 256  # batches read from a dataset that says it never ends
UNKNOWN = 2048  # batches read from a dataset that does not know its length: it may never end


@dataclass(frozen=True)
class Source:
    """Data that can be read again and again.

    Attributes:
        batches: Starts a fresh pass; yields `Batch`es.
        first: The first rows, to know shapes by.
        size: Number of rows if known before reading.
        kind: `"arrays"`, `"tf.data.Dataset"`, `"PyDataset"` or `"DataLoader"`.
        batch_size: Rows a batch as the data itself has them; None for arrays.
        num_batches: Batches an epoch as the data itself says; None if it does not.
        whole: All rows as one Batch, where the data is arrays.
        unseeded: Number of shuffles whose seed nobody knows.
        partitions: Readers of parts that can be sent to other processes (pickled); in order,
            they yield the whole source (a shuffled loader's in the order of its dataset).
            Empty where it can only be read in one go.
        files: The files it is read from, if it is read from files.
        anew: Reads it some times over, what it draws by chance drawn anew each time; None where
            only `batches` can, which draws the same again and again.
    """

    batches: Callable[[], Iterator[Batch]]
    first: Batch
    size: int | None
    kind: str
    batch_size: int | None = None
    num_batches: int | None = None
    whole: Batch | None = None
    unseeded: int = 0
    partitions: tuple[Callable[[], Iterator[Batch]], ...] = ()
    files: Files | None = None
    anew: Callable[[int], Iterator[Iterator[Batch]]] | None = None

    @property
    def streamed(self) -> bool:
        """Whether training sees the rows in this order; files are shuffled as arrays are."""
        return self.whole is None and self.files is None


def _chunks(rows: Batch) -> Iterator[Batch]:
    for start in range(0, len(rows), CHUNK):
        yield rows.take(slice(start, start + CHUNK))


def _partitions(whole: Batch) -> tuple[Callable[[], Iterator[Batch]], ...]:
    """Return readers of slices of arrays; where these begin depends on nothing but the data."""
    each = sum(leaf.nbytes for part in whole.parts() for leaf in leaves(part)) // len(whole)
    chunks = max(1, min(PART_ROWS, PART_BYTES // max(each, 1)) // CHUNK)
    starts = range(0, len(whole), chunks * CHUNK)
    slices = (whole.take(slice(start, start + chunks * CHUNK)) for start in starts)
    return tuple(functools.partial(_chunks, part) for part in slices)


def _arrays(x: Any, y: Any, sample_weight: Any) -> Source:
    whole = Batch(
        structure(x, "x"), structure(y, "y"), structure(sample_weight, "sample_weight")
    )
    size = rows_of(whole)
    return Source(
        batches=functools.partial(_chunks, whole),
        first=whole.take(slice(0, 1)),
        size=size,
        kind="arrays",
        whole=whole,
        partitions=_partitions(whole),
    )


def _stream(
    start: Callable[[], Iterable[Any]],
    kind: str,
    length: int | None,
    most: int,
    paths: Sequence[str] = (),
) -> Source:
    """Return the source of a dataset.

    Args:
        start: Starts a pass over its elements.
        kind: What it is.
        length: Its number of batches, if it knows.
        most: Batches read when it does not.
        paths: The files it reads, if it knows: one that is broken is named.
    """

    def batches() -> Generator[Batch, None, None]:
        count = rows = 0
        try:
            for element in start():
                batch = unpacked(element, kind)
                yield batch
                count, rows = count + 1, rows + len(batch)
                if length is None and count >= most:
                    return
        except KerasRecipeError:
            raise
        except Exception as error:  # the user's code, with errors of its own
            place = f"at batch {count}, after {rows} rows,"
            raise broken(kind, place, error, paths) from error
        if count == 0:
            msg = f"There is no data: the {kind} is empty. Expected at least one batch."
            raise InputError(msg)

    with closing(batches()) as beginning:
        first = next(beginning)
    return Source(batches, first, None, kind, len(first), length)


def _py_dataset(x: Any) -> Source:
    try:
        count = x.num_batches
    except Exception as error:  # the user's code, with errors of its own
        place = "asked for its length"
        raise broken(x, place, error) from error

    def start() -> Iterator[Any]:
        with untouched(x):
            for index in range(ENDLESS if count is None else count):
                yield x[index]

    def anew(times: int) -> Iterator[Iterator[Batch]]:
        with untouched(x):
            for _ in range(times):
                yield (unpacked(x[i], "PyDataset") for i in range(count or ENDLESS))

    made = _stream(start, "PyDataset", count, ENDLESS)
    return dataclasses.replace(made, partitions=of_py_dataset(x, count, made.first), anew=anew)


def _loader(x: Any) -> Source:
    """A torch DataLoader; the generators that shuffle it are put back after each pass."""
    torch = importlib.import_module("keras_recipe.backend.torch")
    sampler = getattr(x.batch_sampler, "sampler", None)

    def start() -> Iterator[Any]:
        state = torch.rng_state()
        try:
            with untouched(x, x.dataset, x.sampler, x.batch_sampler, sampler):
                yield from x
        finally:
            torch.set_rng_state(state)

    length = len(x) if hasattr(x.dataset, "__len__") else None
    made = _stream(start, "DataLoader", length, UNKNOWN)
    return dataclasses.replace(made, partitions=of_loader(x, made.first))


def _tf_dataset(x: Any) -> Source:
    tensorflow = importlib.import_module("keras_recipe.backend.tensorflow")
    ours = tensorflow.independent_dataset(x)
    length = int(x.cardinality())  # -1: endless, -2: unknown
    most = ENDLESS if length == -1 else UNKNOWN
    known = length if length >= 0 else None
    paths = tuple(map(str, getattr(x, "file_paths", ()) or ()))  # Keras's own readers tell them
    made = _stream(lambda: ours, "tf.data.Dataset", known, most, paths)
    return dataclasses.replace(made, unseeded=tensorflow.unseeded_shuffles(x))


def _opener(x: Any) -> Callable[[Any], Source] | None:
    """Return what opens a dataset; None for arrays."""
    if isinstance(x, Source):
        return lambda opened: opened
    if isinstance(x, keras.utils.PyDataset):
        return _py_dataset
    if is_from(x, "torch") and hasattr(x, "batch_sampler"):
        return _loader
    if is_from(x, "tensorflow") and hasattr(x, "element_spec") and hasattr(x, "cardinality"):
        return _tf_dataset
    return None


def open_source(x: Any, y: Any = None, sample_weight: Any = None) -> Source:
    """Return a rewindable source for whatever `fit` takes as `x`.

    Args:
        x: NumPy arrays, backend tensors, pandas frames, lists, tuples or dicts of them; a
            `tf.data.Dataset`, `keras.utils.PyDataset` or torch `DataLoader`; a folder of class
            folders, a CSV or a Parquet file; or a source that is open already.
        y: Targets; None for datasets, which carry their own; for a table the name of a column.
        sample_weight: Weights of the samples; None for datasets likewise.

    Raises:
        InputError: No data, mismatched lengths, ragged rows, string labels, or a generator,
            which could not be read without using it up.
    """
    if x is None:
        msg = "There is no data: x is None. Expected arrays or a dataset."
        raise InputError(msg)
    if isinstance(x, str | Path):
        return importlib.import_module("keras_recipe.data.paths").open_path(x, y, sample_weight)
    opener = _opener(x)
    if opener is None and hasattr(x, "__next__"):
        msg = (
            "`x` is a generator: reading it to check it would use up rows that training needs. "
            "Expected data that can be read again; wrap it in a keras.utils.PyDataset."
        )
        raise InputError(msg)
    for name, given in (("y", y), ("sample_weight", sample_weight)):
        if opener is not None and given is not None:
            msg = f"`{name}` must not be given with a {type(x).__name__}: it yields its own."
            raise InputError(msg)
    return _arrays(x, y, sample_weight) if opener is None else opener(x)
