"""One change at a time against the best so far: it stays only if it helps beyond noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import joblib
import keras
import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch, leaves, mapped
from keras_recipe.experiments.journal import Journal, journal
from keras_recipe.experiments.rung import START, LadderResult, Rung, given_up, judged
from keras_recipe.experiments.trial_log import TrialLog
from keras_recipe.experiments.trial_model import made, maker, model_form
from keras_recipe.experiments.trial_move import Move, refuse_unless_count
from keras_recipe.experiments.trial_record import TrialRecord
from keras_recipe.experiments.trial_run import MONITORS, Budget, Trial
from keras_recipe.experiments.trial_workers import run_all
from keras_recipe.surgery.preserve import random_states

__all__ = ["START", "Ladder", "LadderResult", "Move", "Rung", "judged"]


def _rows(given: Any, name: str) -> Batch:
    """Return rows as a `Batch` of arrays of one length.

    Raises:
        InputError: They are not.
    """
    rows = Batch(*given) if isinstance(given, tuple) and 1 <= len(given) <= 3 else given
    if not isinstance(rows, Batch) or rows.x is None:
        msg = f"`{name}` must be a Batch or (x, y). Received: {type(given).__name__}"
        raise InputError(msg)
    rows = Batch(*(mapped(np.asarray, part) for part in rows.parts()))
    lengths = {len(leaf) if leaf.ndim else 0 for part in rows.parts() for leaf in leaves(part)}
    if len(lengths) != 1 or not lengths.pop():
        msg = f"The arrays of `{name}` must have rows, and equally many of them."
        raise InputError(msg)
    return rows


def _seeds(given: Any) -> tuple[int, ...]:
    seeds = tuple(given) if isinstance(given, Sequence) else ()
    whole = all(isinstance(s, int) and not isinstance(s, bool) for s in seeds)
    if len(set(seeds)) != len(seeds) or len(seeds) < 2 or not whole:
        msg = (
            "`seeds` must be at least two different whole numbers: one training does not show "
            f"the noise. Received: {given!r}"
        )
        raise InputError(msg)
    if min(seeds) < 0 or max(seeds) >= 2**31:
        msg = f"`seeds` must be from 0 to 2**31 - 1. Received: {given!r}"
        raise InputError(msg)
    return seeds


def _budget(steps: Any, seconds: Any, batch_size: Any) -> Budget:
    if steps is None and seconds is None:
        msg = "A ladder needs `steps` or `seconds`: how long each training is."
        raise InputError(msg)
    for name, value in (("steps", steps), ("batch_size", batch_size)):
        if name != "steps" or value is not None:
            refuse_unless_count(name, value)
    if seconds is not None:
        number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not number or not 0 < seconds < math.inf:
            msg = f"`seconds` must be a positive number. Received: {seconds!r}"
            raise InputError(msg)
    return Budget(steps=steps, seconds=seconds, batch_size=batch_size)


class Ladder:
    """Tries one change at a time against the best so far, each with the same seeds.

    A seed decides the initial weights, the order of the rows and all that is drawn while
    training, with and without the change. A change is kept if it lowers the loss beyond the
    noise between the seeds (`noise.paired_gain`). One whose first seed is far worse than noise
    explains is given up (`noise.is_hopeless`). What is run depends on scores alone, never on
    the time or on what else runs: with a budget in steps, a ladder that was killed and goes on
    with its journal, or one that is run in parallel, ends as an undisturbed one, as far as the
    backend computes the same twice (on a CPU, with as many threads).

    Args:
        build: Makes a fresh compiled model: `build()`, KerasTuner's `build(hp)`, which gets
            the defaults, or a compiled model that Keras can clone (its weights are drawn
            anew: to go on with pretrained ones, give a function).
        train: Rows to train on: a `Batch` or `(x, y)`.
        validation: Rows held out, for `"val_loss"`.
        monitor: `"val_loss"`, or `"loss"`: that on the training rows, for overfitting. Both
            are taken after training, in inference mode, penalties left out.
        seeds: At least two.
        steps: Optimizer steps of each training; None: as many as `seconds` allow.
        seconds: Time after which a training takes no more steps; its first is not counted.
        batch_size: Rows a step.
        journal: File of the trials, one JSON line each. With one that is there already the
            ladder goes on where it stopped. It knows a move by name, text and settings: give
            a move another name when you change its code.
        log_dir: Folder for TensorBoard: each training is a run `ladder/<n>-<move>-seed<k>`.
        board: Makes the writer of such a run: `keras_recipe.tensorboard.Writer`.
        parallel: Processes, as joblib's `n_jobs`; None: what `joblib.parallel_config` says,
            as in `with joblib.parallel_config(backend="dask")`; else one after the other.
        goal: Mean loss at or below which no further change is tried.
        progress: Called with a text before the trials of a rung.

    Raises:
        InputError: An argument cannot be used; one sentence says why.

    Example:
        >>> # ladder = Ladder(build, (x, y), (x_val, y_val), steps=1000, journal="ladder.jsonl")
        >>> # ladder.climb([Move(name="wider", text="twice the units", change=widen)]).best
    """

    def __init__(  # noqa: PLR0913  what a training takes, and where it is written
        self,
        build: Any,
        train: Any,
        validation: Any = None,
        *,
        monitor: str = "val_loss",
        seeds: Sequence[int] = (0, 1, 2),
        steps: int | None = None,
        seconds: float | None = None,
        batch_size: int = 32,
        journal: str | Path | None = None,
        log_dir: str | Path | None = None,
        board: Callable[[Path], Any] | None = None,
        parallel: int | None = None,
        goal: float = -math.inf,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        if monitor not in MONITORS:
            msg = f"`monitor` must be one of {', '.join(MONITORS)}. Received: {monitor!r}"
            raise InputError(msg)
        if monitor == "val_loss" and validation is None:
            msg = "`val_loss` needs `validation` rows; give them, or monitor='loss'."
            raise InputError(msg)
        if (log_dir is None) != (board is None):
            msg = "`log_dir` and `board` (keras_recipe.tensorboard.Writer) go together."
            raise InputError(msg)
        if parallel is not None and (isinstance(parallel, bool) or not parallel):
            msg = f"`parallel` is a number of processes, -1 for all. Received: {parallel!r}"
            raise InputError(msg)
        self._build, self._monitor, self._seeds = maker(build), monitor, _seeds(seeds)
        self._train = _rows(train, "train")
        self._validation = None if validation is None else _rows(validation, "validation")
        self._budget = _budget(steps, seconds, batch_size)
        self._journal = None if journal is None else Path(journal)
        self._log_dir = None if log_dir is None else Path(log_dir)
        self._board, self._parallel, self._goal = board, parallel, goal
        self._progress = progress or (lambda _: None)

    def climb(self, moves: Sequence[Move]) -> LadderResult:
        """Train the program as it is, then with each move on top of those that were kept.

        Args:
            moves: In the order to try them.

        Returns:
            A rung for each move that was tried.

        Raises:
            InputError: The moves cannot be told apart, the program as it is cannot be trained,
                or the journal or a folder cannot be used.
        """
        moves = tuple(moves)
        self._refuse(moves)
        log = None
        if self._log_dir is not None and self._board is not None:
            log = TrialLog(self._log_dir, self._board, [move.name for move in moves])
        with journal(self._journal, self.header(moves)) as known:
            climb = _Climb(self, known, log, len(moves))
            rungs = [climb.start()]
            best, kept = rungs[0], tuple[Move, ...]()
            for move in moves:
                if best.score <= self._goal:
                    break
                rung = climb.rung(move, best, kept)
                rungs.append(rung)
                if rung.kept:
                    best, kept = rung, (*kept, move)
        return LadderResult(
            rungs=tuple(rungs),
            monitor=self._monitor,
            seeds=self._seeds,
            trial=self.trial(kept, self._seeds[0]),
        )

    def trial(self, moves: Sequence[Move], seed: int) -> Trial:
        """Return the training with some moves and a seed."""
        return Trial(
            build=self._build,
            moves=tuple(moves),
            seed=seed,
            train=self._train,
            validation=self._validation,
            monitor=self._monitor,
            budget=self._budget,
        )

    def _refuse(self, moves: Sequence[Any]) -> None:
        if wrong := [one for one in moves if not isinstance(one, Move)]:
            msg = f"`moves` must be Moves. Received: {type(wrong[0]).__name__}"
            raise InputError(msg)
        names = [START.name, *(move.name for move in moves)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            msg = f"Each move needs a name of its own, other than 'start'. Twice there: {twice}"
            raise InputError(msg)

    def header(self, moves: Sequence[Move]) -> Mapping[str, Any]:
        """Return what the trials depend on."""
        with random_states(self._seeds[0]):
            form = model_form(made(self._build))
        data = (self._train.parts(), self._validation and self._validation.parts())
        return {
            "monitor": self._monitor,
            "seeds": list(self._seeds),
            "steps": self._budget.steps,
            "seconds": self._budget.seconds,
            "batch_size": self._budget.batch_size,
            "backend": keras.config.backend(),
            # without their texts, in which Keras's numbered names of layers may stand
            "moves": [
                {k: v for k, v in move.to_dict().items() if k != "text"} for move in moves
            ],
            "model": joblib.hash(form),
            "data": joblib.hash(data),
        }


class _Climb:
    """One way up: runs what the journal does not know yet, and judges."""

    def __init__(
        self, ladder: Ladder, known: Journal, log: TrialLog | None, moves: int
    ) -> None:
        self._ladder, self._journal, self._log, self._moves = ladder, known, log, moves
        self._place = 0

    def _records(
        self, move: Move, moves: Sequence[Move], seeds: Sequence[int]
    ) -> list[TrialRecord]:
        """Return the trials of some seeds, in order: from the journal, else run now."""
        ladder = self._ladder
        trials = [ladder.trial(moves, seed) for seed in seeds]
        missing = [trial for trial in trials if trial.key not in self._journal.records]
        if missing:
            named = ", ".join(str(trial.seed) for trial in missing)
            ladder._progress(  # noqa: SLF001  a part of the ladder
                f"rung {self._place} of {self._moves}: {move.name} (seed {named})"
            )
        for record in run_all(missing, ladder._parallel):  # noqa: SLF001
            self._journal.add(record)
        found = [self._journal.records[trial.key] for trial in trials]
        if self._log is not None:
            for record in found:
                self._log.write(self._place, move.name, record)
        return found

    def start(self) -> Rung:
        """Return the first rung, the program as it is, with all seeds."""
        records = self._records(START, (), self._ladder._seeds)  # noqa: SLF001
        return Rung(move=START, records=tuple(records), kept=True, reason="where it begins")

    def rung(self, move: Move, best: Rung, kept: Sequence[Move]) -> Rung:
        """Return the rung of a move: its first seed, and the others unless it is hopeless."""
        self._place += 1
        seeds, moves = self._ladder._seeds, (*kept, move)  # noqa: SLF001
        records = self._records(move, moves, seeds[:1])
        reason = given_up(best, records)
        if not reason:
            records += self._records(move, moves, seeds[1:])
        return judged(move, best, records, reason)
