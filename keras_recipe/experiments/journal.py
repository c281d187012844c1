"""Trials on disk, one JSON line each, so that a killed ladder or search goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from keras_recipe.core.errors import InputError
from keras_recipe.core.folders import refuse_unwritable
from keras_recipe.experiments.trial_record import TrialRecord


class Journal:
    """Trials done so far, by key; each new one is on disk before the next begins.

    The first line says whose journal it is. Two journals of the same ladder are equal but for
    the `seconds` of their trials (`TrialRecord.timeless` leaves them out).

    Args:
        records: What is there already.
        file: Open for appending bytes; None keeps the records in memory.
    """

    def __init__(
        self, records: Mapping[str, Any] | None = None, file: IO[bytes] | None = None
    ) -> None:
        self.records = dict(records or {})
        self._file = file

    def add(self, record: Any) -> None:
        """Append a trial and wait until the disk has it."""
        if self._file is not None:
            _append(self._file, record.to_dict())
        self.records[record.key] = record


def _append(file: IO[bytes], data: Mapping[str, Any]) -> None:
    file.write(json.dumps(data, sort_keys=True).encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def journal(
    path: Path | None, header: Mapping[str, Any], kind: Any = TrialRecord
) -> Iterator[Journal]:
    """Open a journal, new or to go on with, for this process alone.

    A last line that was being written when the process was killed is cut off: its trial is
    done again. The lock is the operating system's and ends with the process.

    Args:
        path: The file, made with its folder when missing; None: in memory.
        header: What the trials depend on; equal for a journal to go on with.
        kind: Class of the records, with `key`, `to_dict` and `from_dict`.

    Yields:
        The journal.

    Raises:
        InputError: Another process is writing it, it belongs to another ladder, it is damaged,
            or its folder cannot be written to. It is left as it was.
    """
    if path is None:
        yield Journal()
        return
    refuse_unwritable(path.parent, "journal")
    if path.is_dir():
        msg = f"The journal must be a file, and {str(path)!r} is a folder; choose another name."
        raise InputError(msg)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{path}.lock", timeout=0):
            yield from _opened(path, json.loads(json.dumps(dict(header))), kind)
    except Timeout as error:
        msg = f"Another process is writing the journal {str(path)!r}; wait for it to end."
        raise InputError(msg) from error


def _opened(path: Path, header: Mapping[str, Any], kind: Any) -> Iterator[Journal]:
    lines, whole = _lines(path)
    if lines:
        _refuse_another(path, lines[0], header)
    records: dict[str, Any] = {}
    for place, line in enumerate(lines[1:], start=2):
        try:
            record = kind.from_dict(line)
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(path, place) from error
        if record.key in records:
            raise _damaged(path, place)
        records[record.key] = record
    with path.open("ab") as file:
        file.truncate(whole)
        if not lines:
            _append(file, {"ladder": header})
        yield Journal(records, file)


def _lines(path: Path) -> tuple[list[Any], int]:
    """Return the whole lines of a journal, and how many bytes they take."""
    content = path.read_bytes() if path.exists() else b""
    whole = content.rfind(b"\n") + 1
    lines = content[:whole].splitlines(keepends=True)
    found: list[Any] = []
    for place, line in enumerate(lines, start=1):
        try:
            found.append(json.loads(line))
        except ValueError as error:
            if place < len(lines):
                raise _damaged(path, place) from error
            whole -= len(line)  # the disk had the line's end, but not all of it
    return found, whole


def _damaged(path: Path, place: int) -> InputError:
    return InputError(
        f"Line {place} of the journal {str(path)!r} is no trial of it, or twice there; "
        "delete the file to begin anew."
    )


def _refuse_another(path: Path, first: Any, header: Mapping[str, Any]) -> None:
    """Refuse to go on with the journal of another ladder, naming what differs."""
    there = first.get("ladder") if isinstance(first, dict) else None
    if there == header:
        return
    if not isinstance(there, dict):
        raise _damaged(path, 1)
    names = [name for name in {**there, **header} if there.get(name) != header.get(name)]
    msg = (
        f"The journal {str(path)!r} belongs to another run ({', '.join(names)} differ); "
        "give another file, or delete it to begin anew."
    )
    raise InputError(msg)
