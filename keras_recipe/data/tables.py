"""CSV and Parquet files as rows of numbers, in chunks, so that no table is too large."""

from __future__ import annotations

import dataclasses
import functools
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.core.settings import unknown
from keras_recipe.data.batch import Batch
from keras_recipe.data.columns_read import Column, Gathered
from keras_recipe.data.csv_text import CsvFile, as_columns, chunks, open_csv
from keras_recipe.data.files import Files, Notes
from keras_recipe.data.sources import Source
from keras_recipe.data.words_read import pandas

ENDINGS = (".csv", ".tsv", ".parquet")
CHUNK = 2**13  # rows in one batch
PART_CHUNKS = 8  # chunks that another process is sent at a time


@dataclass(frozen=True)
class CsvPart:
    """Some rows of a CSV file: from a byte on, `count` chunks of them."""

    file: CsvFile
    start: int
    line: int
    count: int

    def frames(self, notes: Notes) -> Iterator[dict[str, Any]]:
        """Yield chunks of rows as a Series for each column."""
        several = chunks(self.file, self.start, self.line, notes, CHUNK)
        for _, (rows, _, _) in zip(range(self.count), several, strict=False):
            yield as_columns(self.file, rows)


@dataclass(frozen=True)
class ParquetPart:
    """One row group of a Parquet file."""

    path: str
    group: int

    def frames(self, notes: Notes) -> Iterator[dict[str, Any]]:
        """Yield chunks of rows as a Series for each column."""
        try:
            file = _parquet(Path(self.path))
            for batch in file.iter_batches(batch_size=CHUNK, row_groups=[self.group]):
                frame = batch.to_pandas(types_mapper=_nullable)
                yield {str(name): frame[name] for name in frame.columns}
        except Exception as error:  # noqa: BLE001  pyarrow has errors of many kinds
            text = f"row group {self.group}: {said(error, 120)}"
            notes.add("stopped", text, f"{Path(self.path).name}, row group {self.group}")


def _nullable(kind: Any) -> Any:
    """Return the type that keeps whole numbers whole beside nulls; None for pyarrow's own."""
    known = {"int64": "Int64", "uint64": "UInt64"}
    return pandas().api.types.pandas_dtype(known[str(kind)]) if str(kind) in known else None


def _parquet(path: Path) -> Any:
    try:
        module = importlib.import_module("pyarrow.parquet")
    except ModuleNotFoundError as error:
        msg = 'Parquet is read by pyarrow (not installed): pip install "keras-recipe[data]"'
        raise InputError(msg) from error
    try:
        return module.ParquetFile(path)
    except Exception as error:
        msg = f"{str(path)!r} cannot be read as Parquet: {said(error, 160)}"
        raise InputError(msg) from error


@dataclass
class _Scan:
    """One pass over all files: their parts, and what each column holds."""

    target: str | None
    notes: Notes
    gathered: dict[str, Gathered]
    parts: list[CsvPart | ParquetPart]

    def _take(self, frame: dict[str, Any]) -> None:
        for name, values in frame.items():
            self.gathered[name].add(values)
        self.notes.read += len(next(iter(frame.values())))

    def _names(self, path: Path, names: Sequence[str]) -> None:
        if not self.gathered:
            self.gathered = {name: Gathered(name, name == self.target) for name in names}
        elif list(names) != list(self.gathered):
            msg = f"{path.name} has other columns than the first file: {', '.join(names)[:80]}"
            raise InputError(msg)

    def add(self, path: Path) -> None:
        """Read one file.

        Raises:
            InputError: It is no table, or one with other columns.
        """
        if path.suffix.lower() == ".parquet":
            self._add_parquet(path)
        else:
            self._add_csv(path)

    def _add_csv(self, path: Path) -> None:
        file = open_csv(path, self.notes)
        self._names(path, file.names)
        place, line, count = file.start, file.line, 0
        for rows, then, next_line in chunks(file, place, line, self.notes, CHUNK):
            self._take(as_columns(file, rows))
            count += 1
            if count == PART_CHUNKS:
                self.parts.append(CsvPart(file, place, line, count))
                place, line, count = then, next_line, 0
        if count:
            self.parts.append(CsvPart(file, place, line, count))

    def _add_parquet(self, path: Path) -> None:
        file = _parquet(path)
        self._names(path, file.schema_arrow.names)
        for group in range(file.num_row_groups):
            part = ParquetPart(str(path), group)
            for frame in part.frames(self.notes):
                self._take(frame)
            self.parts.append(part)


def _target(column: Column, values: np.ndarray) -> np.ndarray:
    """Return targets in the type that their values have."""
    if column.kind == "words" and column.whole and not np.isnan(values).any():
        return values.astype("int32")
    return values.astype("int64" if column.whole else "float32")


def _batches(
    parts: Sequence[CsvPart | ParquetPart], columns: Sequence[Column], target: str | None
) -> Iterator[Batch]:
    """Yield the rows of some parts as float64 `(rows, features)` and targets `(rows,)`."""
    features = [c for c in columns if c.name != target and c.kind != "left out"]
    wanted = next((c for c in columns if c.name == target), None)
    for part in parts:
        for frame in part.frames(Notes()):
            x = np.column_stack([c.convert(frame[c.name]) for c in features])
            y = None if wanted is None else _target(wanted, wanted.convert(frame[wanted.name]))
            yield Batch(x, y)


def _files_of(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(p for p in path.iterdir() if p.suffix.lower() in ENDINGS)
    return [path]


def _scanned(path: Path, files: Sequence[Path], target: str | None) -> _Scan:
    scan = _Scan(target, Notes(), {}, [])
    for file in files:
        try:
            scan.add(file)
        except InputError as error:
            if len(files) == 1:
                raise
            scan.notes.add("unreadable", str(error), file.name)
    if not scan.notes.read:
        topics = ("stopped", "unreadable", "long rows", "bad quotes")
        why = next((thing for topic in topics for thing in scan.notes.of(topic)), "")
        more = f" ({why})" if why else ""
        msg = f"There is no data: {str(path)!r} has 0 rows that can be read{more}."
        raise InputError(msg)
    return scan


def _stops(scan: _Scan, path: Path) -> None:
    """Say of each place where reading broke how far it came."""
    stops = scan.notes.counts.pop("stopped", None) or ()
    for text in stops:
        places = scan.notes.places.pop(("stopped", text))
        whole = f"read {scan.notes.read} rows of {path.name}, then {text}"
        scan.notes.add("stopped", whole, places[0])


def open_table(
    path: str | Path, target: str | None = None, *, like: Files | None = None
) -> Source:
    """Return a table as a source: every column a number, the target apart.

    Numbers stay; dates become seconds since 1970 (UTC); words are numbered in sorted order;
    what is missing (blank, `?`, `NA`, ...) becomes NaN. A column is what most of its values
    are; all of this is decided on all rows and noted.

    Args:
        path: A `.csv`, `.tsv` or `.parquet` file, or a folder of such with the same columns.
        target: Name of the target's column; no targets when None.
        like: Files whose columns decide how these are read, e.g. those of the training rows.

    Raises:
        InputError: It cannot be read, has no rows, or no column but the target.
        ConfigError: There is no column of the target's name.
    """
    root = Path(path)
    files = _files_of(root)
    scan = _scanned(root, files, target)
    if target is not None and target not in scan.gathered:
        raise unknown(target, list(scan.gathered), f"column of {root.name}")
    for gathered in scan.gathered.values():
        for topic, sentence in gathered.told():
            scan.notes.add(topic, sentence, gathered.name)
    _stops(scan, root)
    columns = tuple(one.decide() for one in scan.gathered.values())
    if like is not None and like.columns:
        columns = _as_before(columns, like, scan.notes, root)
    usable = [c for c in columns if c.name != target and c.kind != "left out"]
    if not usable:
        msg = f"{root.name} has no column besides the target that can be made numbers."
        raise InputError(msg)
    found = Files(
        str(path), "table", len(files), _classes(columns, target), scan.notes, columns, target
    )
    return Source(
        functools.partial(_batches, scan.parts, columns, target),
        next(_batches(scan.parts, columns, target)),
        scan.notes.read,
        f"{files[0].suffix.lower()[1:].upper()} table",
        partitions=tuple(
            functools.partial(_batches, [part], columns, target) for part in scan.parts
        ),
        files=found,
    )


def _classes(columns: Sequence[Column], target: str | None) -> tuple[str, ...]:
    return next((c.words for c in columns if c.name == target), ())


def _as_before(
    columns: Sequence[Column], like: Files, notes: Notes, path: Path
) -> tuple[Column, ...]:
    """Return the columns as other files had them, and note what these do not have."""
    names = [column.name for column in columns]
    before = {column.name: column for column in like.columns}
    if set(names) != set(before):
        gone = sorted(set(before) ^ set(names))
        msg = (
            f"{path.name} and {Path(like.root).name} differ in columns: {', '.join(gone[:5])}."
        )
        raise InputError(msg)
    for column in columns:
        new = sorted(set(column.words) - set(before[column.name].words))
        if column.kind == before[column.name].kind == "words" and new:
            text = f"{column.name!r}: {len(new)} words that training has not ({new[0]!r})"
            notes.add("new words", text, column.name)
    mine = {column.name: column for column in columns}
    return tuple(_both(old, mine[old.name]) for old in like.columns)


def _both(old: Column, own: Column) -> Column:
    """Return a column read as before; not as whole numbers where this file has others."""
    alike = own.whole and own.kind == old.kind and set(own.words) <= set(old.words)
    return dataclasses.replace(old, whole=old.whole and alike)
