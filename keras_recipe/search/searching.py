"""One search: what its trials share, how it goes on where it was, and what it returns."""

from __future__ import annotations

import functools
import math
import tempfile
import time
import warnings
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import keras
import keras_tuner

from keras_recipe.core.errors import InputError
from keras_recipe.core.folders import refuse_unwritable
from keras_recipe.core.said import said
from keras_recipe.core.settings import unknown
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.journal import Journal, journal
from keras_recipe.experiments.retraining import retrained
from keras_recipe.experiments.search_axes import axes
from keras_recipe.experiments.search_trial import SearchTrial
from keras_recipe.experiments.searched import Searched
from keras_recipe.experiments.trial_log import write_run
from keras_recipe.experiments.trial_model import model_form
from keras_recipe.experiments.trial_move import Move
from keras_recipe.search.result import SearchResult
from keras_recipe.search.space import fixed, hypermodel
from keras_recipe.search.tuners import METHODS, Hypermodel, KerasSettings, plain_values, tuner
from keras_recipe.surgery.preserve import random_states

#: Epochs without a better objective after which a trial ends; the patience that TensorFlow's
#: own tutorial of KerasTuner uses.
PATIENCE = 5


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """What is searched and how; refused at once where it cannot be used.

    Attributes:
        method: `"random"`, `"bayesian"`, `"hyperband"` or `"grid"`.
        trials: At most; Hyperband's schedule follows from `epochs` alone.
        objective: Name of a log of `fit`, or a `keras_tuner.Objective`.
        epochs: Of a trial at most.
        batch_size: Where the space does not search it.
        patience: Epochs without a better objective after which a trial ends; None: never.
        seed: Of the oracle and, with its name, of each trial.
        seconds: Time after which no further trial begins; infinite: none.

    Raises:
        InputError: One sentence says why.
    """

    method: str
    trials: int = 20
    objective: Any = "val_loss"
    epochs: int = 20
    batch_size: int = 32
    patience: int | None = PATIENCE
    seed: int = 0
    seconds: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what cannot be used."""
        if self.method not in METHODS:
            raise unknown(str(self.method), tuple(METHODS), "method of search")
        for name in ("trials", "epochs", "batch_size"):
            value: Any = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                msg = f"`{name}` must be a whole number of at least 1. Received: {value!r}"
                raise InputError(msg)
        patience: Any = self.patience
        if patience is not None and (not isinstance(patience, int) or patience < 0):
            msg = f"`patience` must be a number of epochs or None. Received: {patience!r}"
            raise InputError(msg)
        seconds: Any = self.seconds
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds <= 0:
            msg = f"`budget` must be a number of seconds above 0. Received: {seconds!r}"
            raise InputError(msg)
        self.target()

    def target(self) -> Any:
        """Return KerasTuner's objective.

        Raises:
            InputError: Whether more or less is better is not known.
        """
        if isinstance(self.objective, keras_tuner.Objective):
            return self.objective
        try:
            oracle = keras_tuner.oracles.RandomSearchOracle(
                objective=str(self.objective), seed=1
            )
        except Exception as error:
            msg = (
                f"Whether more or less of {self.objective!r} is better is not known; give "
                "keras_tuner.Objective(name, direction)."
            )
            raise InputError(msg) from error
        return oracle.objective


@dataclass
class Run:
    """What the trials of a search share.

    Attributes:
        hypermodel: The program.
        journal: The trials that are done.
        plan: What is searched.
        folder: Of the models; None: none is kept.
        log_dir: Of TensorBoard; None: nothing is written.
        board: Makes the writer of a folder.
        tell: Called with a text before each trial.
        began: When the search began.
        done: Trials told to the oracle.
        trained: Those that were trained now and not found in the journal.
    """

    hypermodel: Hypermodel
    journal: Journal
    plan: SearchPlan
    folder: Path | None
    log_dir: Path | None
    board: Callable[[Path], Any] | None
    tell: Callable[[str], None]
    began: float = field(default_factory=time.perf_counter)
    done: int = 0
    trained: int = 0

    def seed_of(self, key: str) -> int:
        """Return a trial's own seed."""
        return zlib.crc32(f"{self.plan.seed} {key}".encode()) & 0x7FFFFFFF

    def progress(self, text: str) -> None:
        """Say which trial begins."""
        self.tell(text)

    def is_over(self) -> bool:
        """Whether the time is spent."""
        return time.perf_counter() - self.began >= self.plan.seconds

    def time_left(self, most: int | None) -> str:
        """Return how long the trials that are left will take, in words."""
        if not most or not self.trained:
            return ""
        each = (time.perf_counter() - self.began) / self.trained
        return f", about {max(most - self.done, 0) * each:.0f} s left"

    def saved(self, model: Any, weights: Any) -> Path | None:
        """Write the model of the best epoch whole or not at all; None where Keras cannot."""
        if self.folder is None or model is None:
            return None
        model.set_weights(weights)
        path = self.folder.resolve() / f"{len(self.journal.records):04d}.keras"
        half = path.with_name(f"half-{path.name}")
        try:
            model.save(half)
        except Exception as error:  # noqa: BLE001  own layers that cannot be written
            half.unlink(missing_ok=True)
            self.tell(f"Keras cannot write this model: {said(error)}")
            return None
        half.replace(path)
        return path

    def finished(self, record: SearchTrial) -> None:
        """Write a trial to TensorBoard, unless it is there."""
        if self.log_dir is None or self.board is None:
            return
        scores = {} if record.score is None else {"score": record.score}
        values = plain_values(record.hyperparameters)
        settings = {k: v if v is not None else "none" for k, v in values.items()}
        # Hyperband goes on with a trial: its curves begin where the earlier one ended
        at = record.epoch - int(values.get("tuner/initial_epoch") or 0)
        last = {k: v[at] for k, v in record.curves.items() if len(v) > at >= 0}
        folder = self.log_dir / record.key
        write_run(
            folder, self.board, settings, {**last, **scores}, record.curves,
            stage="tune", step=record.epoch + 1,
        )  # fmt: skip


def _header(
    plan: SearchPlan, model: Any, space: Any, moves: Sequence[Move], rows: tuple[Batch, Batch]
) -> dict[str, Any]:
    """Return what the trials depend on: a journal of other ones is refused."""
    target = plan.target()
    return {
        "search": plan.method,
        "objective": [target.name, target.direction],
        "epochs": plan.epochs,
        "batch_size": plan.batch_size,
        "patience": plan.patience,
        "seed": plan.seed,
        "backend": keras.backend.backend(),
        "moves": [move.name for move in moves],
        "model": joblib.hash(model_form(model)),
        "data": joblib.hash([part.parts() for part in rows]),
        "space": {axis.name: axis.to_dict() for axis in axes(space)},
    }


def search(
    build: Any,
    plan: SearchPlan,
    train: Batch,
    validation: Batch,
    *,
    moves: Sequence[Move] = (),
    folder: Path | None = None,
    board: Callable[[Path], Any] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> SearchResult:
    """Search with KerasTuner, or go on with a search that was stopped.

    Trials are told to KerasTuner's oracle in the order they were made in; those in the journal
    are not trained again. The global generators and the precision policy are put back.

    Args:
        build: As `space.hypermodel` takes it.
        plan: What is searched.
        train: Rows to train on.
        validation: Rows that judge.
        moves: What a ladder kept: made on each model.
        folder: Of the journal `tune.jsonl`, the models and the runs of TensorBoard; None:
            nothing is kept.
        board: Makes the writer of a run: `keras_recipe.tensorboard.Writer`.
        progress: Called with a text before each trial.

    Raises:
        InputError: The program cannot be built, has nothing to search, every trial failed, a
            trial cannot be written down, or the journal is of another search.
    """
    if folder is not None:
        refuse_unwritable(folder, "log_dir")
    settings = KerasSettings()
    scratch: Any = tempfile.TemporaryDirectory() if folder is None else nullcontext(str(folder))
    with random_states(plan.seed), scratch as place, warnings.catch_warnings():
        # KerasTuner 1.4 calls threading.currentThread
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="keras_tuner")
        hyper = Hypermodel(hypermodel(build, plan.batch_size, moves))
        space = keras_tuner.HyperParameters()
        model = hyper.build(space)
        if not axes(space):
            msg = "There is nothing to search: the model has no hyperparameter to change."
            raise InputError(msg)
        path = None if folder is None else folder / "tune.jsonl"
        header = _header(plan, model, space, moves, (train, validation))
        models = None if folder is None else folder / "tune" / "models"
        if models is not None:
            models.mkdir(parents=True, exist_ok=True)
        with journal(path, header, SearchTrial) as book:
            run = Run(
                hypermodel=hyper,
                journal=book,
                plan=plan,
                folder=models,
                log_dir=None if folder is None else folder / "tune" / "trials",
                board=board,
                tell=progress,
            )
            try:
                found = _searched(run, Path(place) / "tune", train, validation)
            except keras_tuner.errors.FatalError as error:
                raise InputError(str(error)) from error
            finally:
                settings.restore()
    return found


def _searched(run: Run, place: Path, train: Batch, validation: Batch) -> SearchResult:
    plan, target = run.plan, run.plan.target()
    made = tuner(
        plan.method,
        run,
        objective=target,
        trials=plan.trials,
        epochs=plan.epochs,
        seed=plan.seed + 1,  # to KerasTuner 0 means: draw one
        directory=place,
    )
    x, y, weights = train.parts()
    callbacks = []
    if plan.patience is not None:
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor=target.name, mode=target.direction, patience=plan.patience
            )
        )
    made.search(
        x,
        y,
        sample_weight=weights,
        validation_data=validation.parts(),
        epochs=plan.epochs,
        batch_size=plan.batch_size,
        callbacks=callbacks,
        verbose=0,
    )
    records: Mapping[str, SearchTrial] = run.journal.records
    order = [key for key in made.oracle.start_order if key in records]
    trials = tuple(records[key] for key in order)
    if trials and all(trial.status == "failed" for trial in trials):
        msg = f"All {len(trials)} trials failed; the first: {trials[0].message}"
        raise InputError(msg)
    record = Searched(
        method=plan.method,
        objective=target.name,
        direction=target.direction,
        axes=axes(made.oracle.get_space()),
        trials=trials,
    )
    return SearchResult(
        record=record,
        plan=plan,
        build=run.hypermodel.inner,
        rows=(train, validation),
    )


def retrain(
    found: SearchResult,
    seeds: Sequence[int],
    progress: Callable[[str], None] = lambda _: None,
    folder: Path | None = None,
) -> SearchResult:
    """Return the result with winner, runner-up and start trained anew with each seed.

    Args:
        found: What `search` returned.
        seeds: At least two.
        progress: Called with a text before each training.
        folder: Of the journal `retrained.jsonl`; None: nothing is kept.

    Raises:
        InputError: Fewer than two seeds, or the journal is of another program.
    """
    again = retrained(
        found.record.ranked,
        functools.partial(fixed, found.build),
        found.rows,
        found.plan.batch_size,
        found.plan.epochs,
        seeds,
        progress,
        None if folder is None else folder / "retrained.jsonl",
    )
    return found.with_retrained(again)
