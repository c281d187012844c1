"""One worker of a search that another process leads."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras_tuner

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch
from keras_recipe.search.plan import SearchPlan
from keras_recipe.search.run import Run, given, program
from keras_recipe.search.shared import (
    LOOK,
    Kept,
    held,
    is_held,
    read_whole,
    received,
    refuse_address,
    role,
)
from keras_recipe.search.tuners import Journaled, tuner

#: Seconds for which a worker that was started first waits for its chief: as long as
#: KerasTuner's own (`oracle_client.TIMEOUT`, 1.4).
PATIENCE = 3600.0
#: Seconds after which one for which there is no trial yet asks again; a fraction of a look.
PAUSE = LOOK / 5


class _Worker(Journaled):
    """What is put around a worker's tuner."""

    _ran = True

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
        """Train a trial that was dealt."""
        self._ran = True
        return super().run_trial(trial, *args, **kwargs)

    def pre_create_trial(self) -> None:
        """Wait a moment if there was no trial: KerasTuner asks again at once."""
        if not self._ran:
            time.sleep(PAUSE)
        self._ran = False

    def _where(self, trial: Any) -> str:
        return f"trial {trial.trial_id}"


def join(
    build: Any,
    rows: tuple[Batch, Batch],
    address: str,
    folder: Path | None,
    board: Callable[[Path], Any],
    progress: Callable[[str], None] = lambda _: None,
) -> None:
    """Train trials of a search until it is over.

    When the chief's process is gone this one ends at once, in mid-trial: a chief that is
    started again deals the trial anew.

    Args:
        build: The program, the same as the chief's.
        rows: Training and validation rows, the same as the chief's before what a ladder kept.
        address: HOST:PORT of the chief.
        folder: The chief's log folder, on a file system both see.
        board: Makes the writer of a run of TensorBoard.
        progress: Called with a text before each trial.

    Raises:
        InputError: The chief cannot be found, or has another program or data.
    """
    refuse_address(address)
    if folder is None:
        msg = "Chief and workers meet in a folder; give the chief's log_dir (--log-dir)."
        raise InputError(msg)
    place = folder / "tune"
    led = _invitation(place, address, progress)
    plan = SearchPlan(**led["plan"], objective=keras_tuner.Objective(*led["objective"]))
    name = os.environ.get("KERASTUNER_TUNER_ID") or f"worker-{uuid.uuid4().hex[:8]}"
    moves = received(place, led.get("kept", ()))
    train = rows[0]
    for move in moves:
        train = move.data(train)
    rows = (train, rows[1])
    message = f"Another process works as {name}; give each its own KERASTUNER_TUNER_ID."
    with (
        held(place / "workers" / f"{name}.lock", message),
        program(build, plan, moves, rows) as (hyper, header),
        role(name, address),
        _watched(place, led["token"], address),
    ):
        _refuse_another(led["header"], header)
        run = Run.of(hyper, Kept(place / "workers"), plan, folder, board, progress)
        try:
            tuner(run, place, _Worker).search(**given(plan, rows))
        except Exception as error:
            if not type(error).__module__.startswith("grpc"):
                raise
            if not _is_over(place):
                raise InputError(_gone(address)) from error


def _invitation(place: Path, address: str, progress: Callable[[str], None]) -> dict[str, Any]:
    """Return what the chief wrote down for its workers, when it is there."""
    until = time.monotonic() + PATIENCE
    progress(f"looks for the chief at {address}")
    while time.monotonic() < until:
        found = read_whole(place / "chief.json")
        if found is not None and is_held(place / "chief.lock"):
            return found
        time.sleep(LOOK)
    msg = f"No chief leads a search in {str(place.parent)!r}; start it with --workers."
    raise InputError(msg)


def _refuse_another(theirs: Mapping[str, Any], header: Mapping[str, Any]) -> None:
    own = json.loads(json.dumps(dict(header)))
    names = [name for name in own if own[name] != theirs.get(name)]
    if names:
        msg = f"The chief searches another program ({', '.join(names)} differ)."
        raise InputError(msg)


def _gone(address: str) -> str:
    return f"The chief at {address} is gone; when it is back, start this command again."


def _is_over(place: Path) -> bool:
    return bool((read_whole(place / "chief.json") or {}).get("over"))


@contextmanager
def _watched(place: Path, token: str, address: str) -> Iterator[None]:
    """End this process when the chief's is gone: KerasTuner would wait an hour for it."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(LOOK):
            led = read_whole(place / "chief.json") or {}
            if led.get("token") == token and is_held(place / "chief.lock"):
                continue
            if done.is_set():
                return
            over = led.get("token") == token and led.get("over")
            if not over:
                sys.stderr.write(f"keras-recipe: {_gone(address)}\n")
                sys.stderr.flush()
            os._exit(0 if over else 2)  # whatever it trains: no other way out of a fit

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        done.set()
