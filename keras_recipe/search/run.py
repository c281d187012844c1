"""What the trials of one search share, in each process that trains some of them."""

from __future__ import annotations

import time
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import keras
import keras_tuner

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.search_axes import axes
from keras_recipe.experiments.search_trial import SearchTrial
from keras_recipe.experiments.trial_log import write_run
from keras_recipe.experiments.trial_model import model_form
from keras_recipe.experiments.trial_move import Move
from keras_recipe.search.plan import SearchPlan
from keras_recipe.search.space import hypermodel
from keras_recipe.search.tuners import Hypermodel, KerasSettings, plain_values
from keras_recipe.surgery.preserve import random_states


@dataclass
class Run:
    """What the trials of a search share.

    Attributes:
        hypermodel: The program.
        journal: The trials that are done: a `Journal`, or what a worker has in its place.
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
    journal: Any
    plan: SearchPlan
    folder: Path | None
    log_dir: Path | None
    board: Callable[[Path], Any] | None
    tell: Callable[[str], None]
    began: float = field(default_factory=time.perf_counter)
    done: int = 0
    trained: int = 0

    @classmethod
    def of(  # what a search is made of
        cls,
        hypermodel: Hypermodel,
        journal: Any,
        plan: SearchPlan,
        folder: Path | None,
        board: Callable[[Path], Any] | None,
        tell: Callable[[str], None],
    ) -> Run:
        """Return what the trials of a search in `folder` share; None: nothing is kept."""
        models = None if folder is None else folder / "tune" / "models"
        if models is not None:
            models.mkdir(parents=True, exist_ok=True)
        return cls(
            hypermodel=hypermodel,
            journal=journal,
            plan=plan,
            folder=models,
            log_dir=None if folder is None else folder / "tune" / "trials",
            board=board,
            tell=tell,
        )

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

    def saved(self, key: str, model: Any, weights: Any) -> Path | None:
        """Write the model of the best epoch whole or not at all; None where Keras cannot."""
        if self.folder is None or model is None:
            return None
        model.set_weights(weights)
        path = self.folder.resolve() / f"{key:0>4}.keras"
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


@contextmanager
def program(
    build: Any, plan: SearchPlan, moves: Sequence[Move], rows: tuple[Batch, Batch]
) -> Iterator[tuple[Hypermodel, dict[str, Any]]]:
    """Make the program that is searched; at the end put generators and settings back.

    Args:
        build: As `space.hypermodel` takes it.
        plan: What is searched.
        moves: What a ladder kept; those that the search decides are not made.
        rows: Training and validation rows.

    Yields:
        The hypermodel, and what its trials depend on.

    Raises:
        InputError: It cannot be built, has nothing to search, or KerasTuner gives the search
            up.
    """
    settings = KerasSettings()
    with random_states(plan.seed), warnings.catch_warnings():
        # KerasTuner 1.4 calls threading.currentThread
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="keras_tuner")
        hyper = Hypermodel(hypermodel(build, plan.batch_size, moves))
        space = keras_tuner.HyperParameters()
        model = hyper.build(space)
        if not axes(space):
            msg = "There is nothing to search: the model has no hyperparameter to change."
            raise InputError(msg)
        try:
            yield hyper, _header(plan, model, space, getattr(hyper.inner, "made", moves), rows)
        except keras_tuner.errors.FatalError as error:
            raise InputError(str(error)) from error
        finally:
            settings.restore()


def given(plan: SearchPlan, rows: tuple[Batch, Batch]) -> dict[str, Any]:
    """Return the arguments of a tuner's `search`: rows, lengths and early stopping."""
    target = plan.target()
    x, y, weights = rows[0].parts()
    callbacks = []
    if plan.patience is not None:
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor=target.name, mode=target.direction, patience=plan.patience
            )
        )
    return {
        "x": x,
        "y": y,
        "sample_weight": weights,
        "validation_data": rows[1].parts(),
        "epochs": plan.epochs,
        "batch_size": plan.batch_size,
        "callbacks": callbacks,
        "verbose": 0,
    }
