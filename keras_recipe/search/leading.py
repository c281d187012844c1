"""The process that leads a search: KerasTuner's chief, and the workers it starts here."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.experiments.journal import journal
from keras_recipe.experiments.trial_move import Move
from keras_recipe.search.chief import MOST_DEATHS, Chief, Event
from keras_recipe.search.run import Run
from keras_recipe.search.shared import (
    LOOK,
    WAIT,
    Kept,
    held,
    is_held,
    refuse_address,
    role,
    send,
    write_whole,
)
from keras_recipe.search.tuners import tuner


@dataclass(frozen=True, kw_only=True)
class Crew:
    """Who trains the trials of a search that this process leads.

    Attributes:
        workers: Processes started here; others may join.
        target: `module:factory`, from which each of them makes the program.
        folder: The `log_dir` that all share.
        address: HOST:PORT the chief listens at; "" is a free port of this computer alone.
    """

    workers: int
    target: str
    folder: Path
    address: str = ""


def crew_of(
    workers: Any,
    address: str | None,
    target: str | None,
    folder: Path | None,
) -> Crew | None:
    """Return the crew that is asked for; None: this process trains.

    Args:
        workers: Their number, or None.
        address: HOST:PORT, or None.
        target: What the program was made from, or None.
        folder: The log folder, or None.

    Raises:
        InputError: An argument cannot be used, or one that is needed is not there.
    """
    if workers is None and address is not None:
        msg = "The address of a chief is for `join`; to lead there, say how many `workers`."
        raise InputError(msg)
    if workers is None:
        return None
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 0:
        msg = f"`workers` must be a number of processes. Received: {workers!r}"
        raise InputError(msg)
    if address is not None:
        refuse_address(address)
    elif workers == 0:
        msg = "Without workers here the chief needs an address others can reach: HOST:PORT."
        raise InputError(msg)
    if target is None:
        msg = (
            "Worker processes make the program anew from a module:factory, and this recipe was "
            "made from objects; use `keras-recipe tune module:factory --workers N`."
        )
        raise InputError(msg)
    if folder is None:
        msg = "Chief and workers meet in a folder; give a log_dir (--log-dir)."
        raise InputError(msg)
    return Crew(workers=workers, target=target, folder=folder, address=address or "")


def forget(place: Path) -> None:
    """Delete what workers and chief left of a search whose journal is gone."""
    (place / "chief.jsonl").unlink(missing_ok=True)
    Kept(place / "workers").forget()


def lead(
    run: Run, place: Path, crew: Crew, header: Mapping[str, Any], moves: Sequence[Move] = ()
) -> Any:
    """Lead a search until it is over; started again it goes on where it was.

    A worker whose process dies loses its trial to the next that asks; one that was started
    here is started again.

    Args:
        run: What the trials share; its journal gets each trial when it has ended.
        place: Folder of everything but the journal of the trials.
        crew: Who trains.
        header: What the trials depend on.
        moves: What a ladder kept; it is sent to the workers.

    Returns:
        KerasTuner's oracle, with every trial.

    Raises:
        InputError: The address cannot be used, the moves cannot be sent, workers cannot train,
            or they die again and again.
    """
    address = crew.address or f"127.0.0.1:{_free_port()}"
    kept, lock = Kept(place / "workers"), place / "chief.lock"
    message = f"Another process leads the search in {str(place.parent)!r}; wait for it to end."
    with (
        held(lock, message),
        journal(place / "chief.jsonl", header, Event) as events,
        role("chief", address),
    ):
        made = tuner(run, place)
        chief = Chief(made.oracle, run, events, kept)
        made.oracle = chief
        chief.replay()
        if chief.is_over:
            _tidy(place)
            return chief.oracle
        (place / "workers").mkdir(exist_ok=True)
        plan = run.plan
        target = plan.target()
        invitation = {
            "token": uuid.uuid4().hex,
            "header": dict(header),
            "plan": {
                **{name: getattr(plan, name) for name in ("method", "trials", "epochs")},
                **{name: getattr(plan, name) for name in ("batch_size", "patience", "seed")},
            },
            "objective": [target.name, target.direction],
            "kept": send(moves, place),
            "over": False,
        }
        write_whole(place / "chief.json", invitation)
        server = threading.Thread(target=_serve, args=(made, chief, address), daemon=True)
        server.start()
        run.tell(f"the chief listens at {address}")
        try:
            with _workers(crew, address, place) as here:
                _watch(chief, here, place / "workers")
        finally:
            write_whole(place / "chief.json", {**invitation, "over": chief.is_over})
        server.join(WAIT)
        _tidy(place)
    return chief.oracle


def _tidy(place: Path) -> None:
    """Delete what processes that were killed have left half written."""
    for path in place.rglob("half-*"):
        path.unlink(missing_ok=True)


def _serve(made: Any, chief: Chief, address: str) -> None:
    """Run KerasTuner's server until a worker was told that the search is over."""
    try:
        made.search(verbose=0)
    except Exception as error:  # noqa: BLE001  for the thread that waits
        chief.failure = f"The chief cannot listen at {address}: {said(error)}"
        chief.changed.set()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Here:
    """The workers of this computer."""

    def __init__(self, crew: Crew, address: str, place: Path) -> None:
        self._crew, self._address, self._folder = crew, address, place / "workers"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def log(self, name: str) -> Path:
        """Return where a worker writes what it has to say."""
        return self._folder / f"{name}.log"

    def start(self, name: str) -> None:
        """Start a worker."""
        words = [sys.executable, "-m", "keras_recipe", "tune", self._crew.target]
        words += ["--chief", self._address, "--log-dir", str(self._crew.folder)]
        backend = {"KERAS_BACKEND": keras.config.backend(), "KERASTUNER_TUNER_ID": name}
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                words,
                env={**os.environ, **backend},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        """End them all."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(WAIT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def _workers(crew: Crew, address: str, place: Path) -> Iterator[_Here]:
    here = _Here(crew, address, place)
    try:
        for number in range(crew.workers):
            here.start(f"worker-{number}")
        yield here
    finally:
        here.stop()


def _watch(chief: Chief, here: _Here, folder: Path) -> None:
    """Wait until the search is over; take trials from the dead, and start them again."""
    started, ended = 0, 0
    while not chief.is_done():
        chief.changed.wait(LOOK)
        chief.changed.clear()
        for name in chief.holders():
            if name not in here.processes and not is_held(folder / f"{name}.lock"):
                chief.hand_back(name)
        for name, process in list(here.processes.items()):
            code = process.poll()
            if code is None or chief.is_done():
                continue
            if code >= 0:
                msg = f"{name} cannot go on: {_last_words(here.log(name))}"
                raise InputError(msg)
            chief.hand_back(name)
            started, ended = (1, chief.ended) if chief.ended > ended else (started + 1, ended)
            if started > MOST_DEATHS * len(here.processes):
                msg = f"Workers die again and again; {here.log(name)} has their last words."
                raise InputError(msg)
            here.start(name)
    if chief.failure:
        raise InputError(chief.failure)


def _last_words(log: Path) -> str:
    """Return the sentence a worker ended with."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return said(lines[-1].removeprefix("keras-recipe: ")) if lines else "it said nothing"
