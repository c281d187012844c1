"""The folder that the processes of one search share: who lives, who leads, what is trained."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.experiments.search_trial import SearchTrial
from keras_recipe.experiments.trial_move import Move
from keras_recipe.experiments.trial_workers import pickled

#: Seconds between two looks whether the others live: as often as KerasTuner's chief looks
#: whether it may end (`oracle_chief.start_server`, 1.4).
LOOK = 1.0
#: Seconds for a process of before to see that it must end, and to end: ten looks.
WAIT = 10 * LOOK
#: What a ladder kept, for the workers.
KEPT = "kept.pickle"


@contextmanager
def held(path: Path, message: str) -> Iterator[None]:
    """Hold a lock, by which others see that this process lives: it ends with the process.

    Args:
        path: The file.
        message: What is said when another process has it.

    Raises:
        InputError: Another process has it and keeps it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=WAIT)
    except Timeout as error:
        raise InputError(message) from error
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Return whether a living process holds a lock."""
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def write_whole(path: Path, data: Mapping[str, Any]) -> None:
    """Write JSON that others read whole or not at all, and wait until the disk has it."""
    half = path.with_name(f"half-{os.getpid()}-{path.name}")
    with half.open("w", encoding="utf-8") as file:
        json.dump(data, file)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


def send(moves: Sequence[Move], place: Path) -> list[str]:
    """Write down what a ladder kept, for the workers, and return the names.

    Functions travel as `cloudpickle` writes them, as those of a parallel ladder do. Workers run
    what they find there: the folder is to be one that only people you trust can write to.

    Args:
        moves: What a ladder kept.
        place: The folder that all share.

    Raises:
        InputError: A move cannot be sent.
    """
    path = place / KEPT
    if not moves:
        path.unlink(missing_ok=True)
        return []
    try:  # of `fit` the chief has made what all trials get
        content = pickled([replace(move, fit={}) for move in moves])
    except Exception as error:  # what cannot be pickled raises errors of many kinds
        msg = (
            "What `overfit` and `regularize` kept cannot be sent to worker processes "
            f"({said(error)}); make its `change` functions of plain data, or search without "
            "workers."
        )
        raise InputError(msg) from error
    half = path.with_name(f"half-{os.getpid()}-{path.name}")
    half.write_bytes(content)
    half.replace(path)
    return [move.name for move in moves]


def received(place: Path, names: Sequence[str]) -> tuple[Move, ...]:
    """Return what the chief has sent.

    Args:
        place: The folder that all share.
        names: What `send` returned.

    Raises:
        InputError: It cannot be made here.
    """
    if not names:
        return ()
    try:
        moves = tuple(pickle.loads((place / KEPT).read_bytes()))
    except Exception as error:  # another Python, a module that is not here: each its own
        msg = f"What a ladder kept cannot be made in this process: {said(error)}"
        raise InputError(msg) from error
    if [move.name for move in moves] != list(names):
        msg = f"{str(place / KEPT)!r} is of another search; start the chief again."
        raise InputError(msg)
    return moves


def read_whole(path: Path) -> dict[str, Any] | None:
    """Return what `write_whole` wrote; None if nothing is there."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


class Kept:
    """Trained trials, a file each: what a worker has in the place of a journal.

    A trial that is dealt again, because its worker or the chief died after the training, is
    found here.

    Args:
        folder: Of the files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def records(self) -> Kept:
        """What `get` is asked of."""
        return self

    def get(self, key: str) -> SearchTrial | None:
        """Return the record of a trial; None if it is not trained."""
        data = read_whole(self._path(key))
        return None if data is None else SearchTrial.from_dict(data)

    def add(self, record: SearchTrial) -> None:
        """Write a record down."""
        write_whole(self._path(record.key), record.to_dict())

    def forget(self) -> None:
        """Delete all of them: they are of another search."""
        for path in self._folder.glob("trial-*.json"):
            path.unlink()

    def _path(self, key: str) -> Path:
        return self._folder / f"trial-{key}.json"


@contextmanager
def role(name: str, address: str) -> Iterator[None]:
    """Set what KerasTuner's distributed mode reads from the environment.

    Args:
        name: `"chief"`, or the name of a worker.
        address: HOST:PORT of the chief.
    """
    host, _, port = address.rpartition(":")
    wanted = {"TUNER_ID": name, "ORACLE_IP": host, "ORACLE_PORT": port}
    names = {f"KERASTUNER_{key}": value for key, value in wanted.items()}
    before = {key: os.environ.get(key) for key in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for key, value in before.items():
            os.environ.pop(key, None)
            if value is not None:
                os.environ[key] = value


def refuse_address(address: str) -> None:
    """Refuse what is not HOST:PORT.

    Raises:
        InputError: It is not.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 2**16:
        msg = f"A chief is found at HOST:PORT, as in 10.0.0.5:8000. Received: {address!r}"
        raise InputError(msg)
