"""A CSV file, read row by row, whatever state it is in.

The `csv` module splits the rows, for pandas's parser makes an index of surplus fields, fills
missing ones silently and does not say in which line; pandas turns the words into numbers.
"""

from __future__ import annotations

import csv
import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from keras_recipe.core.errors import InputError
from keras_recipe.data.files import Notes

HEAD = 2**16  # bytes looked at to tell what a file is
LONGEST_LINE = 2**24  # bytes; more without a line's end is no table
LONGEST_FIELD = 2**24  # characters; more in quotes is a quote that was not closed
LEAST_NUMBERED = 3  # columns called 0, 1, 2: of fewer, a first row may well look so
_DELIMITERS = ",;\t|"
#: How files begin that are something else under a table's name.
_FOREIGN = {
    b"PK\x03\x04": "a zip archive (an Excel file?)",
    b"\x1f\x8b": "compressed with gzip",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a PNG image",
    b"%PDF": "a PDF",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "an SQLite database",
    b"version https://git-lfs": "a pointer of Git LFS (git lfs pull fetches the file)",
    b"<!DOCTYPE": "an HTML page",
    b"<!doctype": "an HTML page",
    b"<html": "an HTML page",
    b"\x80\x04\x95": "a pickle",
    b"\xff\xfe": "in UTF-16 (save it as UTF-8)",
    b"\xfe\xff": "in UTF-16 (save it as UTF-8)",
}


_FIELDS = threading.RLock()  # no other thread reads while the limit is not its own


@dataclass(frozen=True)
class CsvFile:
    """How a file is read.

    Attributes:
        path: The file.
        delimiter: What separates the fields.
        names: Names of the columns.
        start: Byte at which the rows begin.
        line: Number of that line, from 1.
    """

    path: str
    delimiter: str
    names: tuple[str, ...]
    start: int
    line: int


class _Lines:
    """The lines of a file as text, with the place of the next one."""

    def __init__(self, file: BinaryIO, place: int, line: int, notes: Notes) -> None:
        self.file, self.place, self.line, self.notes = file, place, line, notes
        file.seek(place)

    def __iter__(self) -> Iterator[str]:
        while raw := self.file.readline(LONGEST_LINE):
            if len(raw) == LONGEST_LINE:
                msg = f"line {self.line} has more than {LONGEST_LINE} bytes"
                raise csv.Error(msg)
            self.place += len(raw)
            self.line += 1
            yield self._text(raw)

    def _text(self, raw: bytes) -> str:
        if b"\0" in raw:
            self.notes.add("encoding", "NUL bytes", f"line {self.line - 1}")
            raw = raw.replace(b"\0", b"")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            self.notes.add("encoding", "not UTF-8, read as Latin-1", f"line {self.line - 1}")
            return raw.decode("latin-1")


def _delimiter(text: str) -> str:
    """Return what cuts the first lines into the same number of fields, the most of them."""
    lines = text.splitlines()[:20]

    def width(delimiter: str) -> tuple[bool, int]:
        widths = [
            len(row) for row in csv.reader(lines[:-1] or lines, delimiter=delimiter) if row
        ]
        first = widths[0] if widths else 1
        return first > 1 and set(widths) == {first}, first

    return max(_DELIMITERS, key=lambda d: (width(d), -_DELIMITERS.index(d)))


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let fields be as long as a line; `csv` has one limit for all (131,072), put back here."""
    with _FIELDS:
        before = csv.field_size_limit(LONGEST_FIELD)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _unique(names: Sequence[str], notes: Notes) -> tuple[str, ...]:
    """Return names that differ, as pandas makes them: `a`, `a.1`."""
    made: dict[str, None] = {}
    for place, name in enumerate(names):
        wanted = name.strip() or f"column {place}"
        found, count = wanted, 0
        while found in made:
            count += 1
            found = f"{wanted}.{count}"
        if count:
            notes.add("twice", f"two columns are called {wanted!r}", wanted)
        made[found] = None
    return tuple(made)


def _are_counted(header: Sequence[str], first: Sequence[str]) -> bool:
    """Whether the first line is the 0, 1, 2, … by which pandas calls columns without names.

    After a blank (over pandas's index) it is for sure. Else a first row could look like that:
    one or two such numbers are a row where the line below holds numbers alone.

    Args:
        header: The first line.
        first: The line below.
    """
    words = [word.strip() for word in header]
    indexed = len(words) > 1 and not words[0]
    counted = words[1:] if indexed else words
    if counted != [str(number) for number in range(len(counted))]:
        return False
    numbers = all(map(_is_number, filter(str.strip, first)))
    return indexed or len(counted) >= LEAST_NUMBERED or not numbers


def open_csv(path: Path, notes: Notes) -> CsvFile:
    """Return how a CSV file is read.

    Args:
        path: The file.
        notes: Take in what is odd about its head.

    Raises:
        InputError: It cannot be opened, is empty or is something else.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        msg = f"{str(path)!r} cannot be read: {error.strerror}."
        raise InputError(msg) from error
    for begin, what in _FOREIGN.items():
        if head.lstrip()[: len(begin)] == begin:
            msg = f"{str(path)!r} is {what}, not a table of comma-separated text."
            raise InputError(msg)
    start = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    if not head[start:].strip(b"\0 \t\r\n"):
        msg = f"{str(path)!r} is empty: there is no data in its {path.stat().st_size} bytes."
        raise InputError(msg)
    if head.count(b"\0") > len(head) // 4:
        msg = f"{str(path)!r} is no text: many of its bytes are 0. Expected UTF-8."
        raise InputError(msg)
    delimiter = _delimiter(head[start:].decode("utf-8", "replace").replace("\0", ""))
    try:
        with path.open("rb") as file, _long_fields():
            lines = _Lines(file, start, 1, notes)
            reader = (row for row in csv.reader(lines, delimiter=delimiter) if row)
            header = next(reader)
            place, line = lines.place, lines.line
            first = next(reader, [])
    except csv.Error as error:
        msg = f"{str(path)!r} has no line ends that a table has ({error})."
        raise InputError(msg) from error
    if _are_counted(header, first):
        notes.add("header", "names 0, 1, 2, … in the first line, as of pandas", "line 1")
    elif all(map(_is_number, filter(str.strip, header))):
        notes.add("header", "no header: the first line holds numbers", "line 1")
        names = tuple(f"column {place}" for place in range(len(header)))
        return CsvFile(str(path), delimiter, names, start, 1)
    if len(first) == len(header) + 1 and first[-1].strip():
        notes.add("header", "a name too few: the first column is row names, as of R", "line 1")
        header = ["row name", *header]
    return CsvFile(str(path), delimiter, _unique(header, notes), place, line)


def _fitted(row: list[str], width: int, place: str, notes: Notes) -> list[str] | None:
    """Return a row of the right width; None if it has too many fields."""
    if len(row) > width and not any(word.strip() for word in row[width:]):
        return row[:width]  # a delimiter at the end of every line
    if len(row) > width:
        notes.add("long rows", f"{len(row)} fields instead of {width}", place)
        return None
    if len(row) < width:
        notes.add("short rows", f"{len(row)} fields instead of {width}", place)
        return row + [""] * (width - len(row))
    return row


def rows(
    file: CsvFile, start: int, line: int, notes: Notes
) -> Iterator[tuple[list[str], int, int]]:
    """Yield each row with the byte and the line at which the next one begins.

    Rows with too many fields are left out; where the file breaks, the rows before it stay.

    Args:
        file: How it is read.
        start: Byte of the first row.
        line: Its line.
        notes: Take in what is odd.
    """
    name, width = Path(file.path).name, len(file.names)
    try:
        with Path(file.path).open("rb") as opened:
            lines = _Lines(opened, start, line, notes)
            reader = csv.reader(iter(lines), delimiter=file.delimiter, strict=True)
            while True:
                at = lines.line
                try:
                    row = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    text = str(error)
                    if "unexpected end of data" in text or "field larger" in text:
                        text = "a quote is opened and not closed"
                    elif "more than" not in text and "new-line" not in text:
                        notes.add("bad quotes", text, f"line {at}")
                        continue
                    notes.add("stopped", f"line {at}: {text}", f"{name}, line {at}")
                    return
                fitted = _fitted(row, width, f"line {at}", notes) if row else None
                if fitted is not None:
                    yield fitted, lines.place, lines.line
    except OSError as error:
        notes.add("stopped", str(error.strerror), name)


def chunks(
    file: CsvFile, start: int, line: int, notes: Notes, most: int
) -> Iterator[tuple[list[list[str]], int, int]]:
    """Yield up to `most` rows at a time, with the place at which the next ones begin."""
    several = rows(file, start, line, notes)
    while part := _next(several, most):
        yield [row for row, _, _ in part], part[-1][1], part[-1][2]


def _next(several: Iterator[Any], most: int) -> list[Any]:
    with _long_fields():
        return list(itertools.islice(several, most))


def as_columns(file: CsvFile, part: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Return the words of each column, without blanks around them."""
    columns = zip(*part, strict=True)
    return {
        name: [word.strip() for word in words]
        for name, words in zip(file.names, columns, strict=True)
    }
