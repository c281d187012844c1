"""The last stage on one program: seeds, averages, more time, an ensemble, a student."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.core.folders import refuse_unwritable
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch
from keras_recipe.ensemble.average import LOOKED_AT
from keras_recipe.ensemble.library import Library
from keras_recipe.ensemble.longer import leave_training, opened
from keras_recipe.ensemble.pool import Pool
from keras_recipe.ensemble.select import MOST, Selection
from keras_recipe.ensemble.student import schooled
from keras_recipe.ensemble.train import AVERAGED, Trained, Trainings, file_name
from keras_recipe.experiments.held_out import HeldOut, HeldOutGain
from keras_recipe.experiments.ladder import START, Rung, judged
from keras_recipe.experiments.squeezing import Longer, Squeezing, Taught
from keras_recipe.experiments.trial_move import Move
from keras_recipe.experiments.trial_run import Budget, Trial
from keras_recipe.loss import predict
from keras_recipe.surgery.preserve import preserve

LEAST_ROWS = 2  # one in each half
PAIRS = 3  # seeds with which the moving average is compared: as many as a ladder's by default


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is to be done.

    Attributes:
        members: Trainings of the program, one a seed; 0: only what a library holds.
        seed: The first of their seeds; the others follow.
        steps: Optimizer steps of each.
        batch_size: Rows a step.
        seconds: For each training; None: no limit.
        library: Further trained models.
        average: Whether a moving average of the weights is compared.
        student: Whether there is a student: the same program; or what makes another one.
        longer: Seconds for training on the best; 0: it is not done.
        most: Different models in the ensemble at most.
    """

    members: int = 5
    seed: int = 0
    steps: int
    batch_size: int = 32
    seconds: float | None = None
    library: Library = field(default_factory=Library)
    average: bool = True
    student: Any = True
    longer: float = 0.0
    most: int = MOST


@dataclass(frozen=True, kw_only=True)
class Juice:
    """What came of it.

    Attributes:
        record: The numbers.
        model: The ensemble, compiled; the best single model where none is better.
        single: The best single model.
        student: The student; None where there is none.
    """

    record: Squeezing
    model: Any
    single: Any
    student: Any


@dataclass(frozen=True, kw_only=True)
class Squeeze:
    """Does it.

    Attributes:
        build: As `trial_model.maker` takes it.
        moves: What an earlier stage kept; made in every training.
        train: Rows to train on.
        held: Validation rows: everything is chosen on them.
        test: Test rows, used once at the end; None where there are none.
        wishes: What is to be done.
        folder: Where it keeps its place, to go on after a kill; None: nowhere.
        progress: Called with a text before each part.
    """

    build: Any
    moves: tuple[Move, ...] = ()
    train: Batch
    held: HeldOut
    test: HeldOut | None = None
    wishes: Wishes
    folder: Path | None = None
    progress: Callable[[str], None] = lambda _: None

    def run(self) -> Juice:
        """Do all of it; the model of `held` is left as it was.

        Raises:
            InputError: The program cannot be trained, the folder cannot be used, or there is
                no model whose loss is a number.
        """
        if len(self.held.rows) < LEAST_ROWS:
            msg = f"At least {LEAST_ROWS} validation rows are needed to choose models by."
            raise InputError(msg)
        with preserve(self.held.model), _place(self.folder) as folder:
            return _Run(self, folder).juice()


class _Run:
    """One run: the parts in order, each with what those before it made."""

    def __init__(self, squeeze: Squeeze, folder: Path) -> None:
        self._all, self._wishes, self._folder = squeeze, squeeze.wishes, folder
        self._left_out: dict[str, str] = {}
        self._pool = Pool(squeeze.train.take(slice(0, LOOKED_AT)).x, self._left_out)

    @cached_property
    def _trainings(self) -> Trainings:
        budget = Budget(
            steps=self._wishes.steps,
            seconds=self._wishes.seconds,
            batch_size=self._wishes.batch_size,
        )
        trial = Trial(
            build=self._all.build,
            moves=self._all.moves,
            train=self._all.train,
            validation=self._all.held.rows,
            budget=budget,
        )
        return Trainings(trial, self._folder, self._all.progress)

    def juice(self) -> Juice:
        """Return everything."""
        trained, rung = self._members()
        for name, given in self._wishes.library.models(self._left_out).items():
            self._pool.add(name, given)
        self._all.progress("selecting the ensemble")
        most, seed = self._wishes.most, self._wishes.seed
        held, outputs = self._pool.outputs(self._all.held, seed)
        longer = self._longer(trained, held, outputs)
        picked = self._pool.picked(held, outputs, most, seed)
        single = list(self._pool.models.values())[picked.best]
        model = self._pool.ensemble(picked)
        ensemble = self._pool.judged(held, outputs, picked, most, seed)
        student, taught = self._student(model, picked, held, trained, ensemble.crossed)
        record = Squeezing(
            ensemble=ensemble,
            averaging=rung,
            distilled=taught,
            longer=longer,
            left_out=self._left_out,
            test=self._tested(single, {"ensemble": model, "student": student}),
        )
        return Juice(record=record, model=model, single=single, student=student)

    def _members(self) -> tuple[list[Trained], Rung | None]:
        """Train the program with each seed, and with averaged weights with some."""
        count, first = self._wishes.members, self._wishes.seed
        if not count:
            self._left_out["training"] = "members=0: only the models given"
            return [], None
        trained = self._trainings.run(range(first, first + count), [self._all.moves])
        rung = None
        if not self._wishes.average or count < 2:
            self._left_out["averaged weights"] = "not asked for, or a single seed"
        else:
            pairs = trained[: min(PAIRS, count)]
            seeds = [one.record.seed for one in pairs]
            others = self._trainings.run(seeds, [(*self._all.moves, AVERAGED)])
            begin = Rung(move=START, records=tuple(one.record for one in pairs), kept=True)
            rung = judged(AVERAGED, begin, [one.record for one in others])
            trained = [*trained, *others]
        for one in trained:
            if one.model is None:
                self._pool.fail(one.record.key, one.record.message)
            else:
                self._pool.add(one.record.key, one.model)
        return trained, rung

    def _longer(
        self, trained: Sequence[Trained], held: HeldOut, outputs: dict[str, Any]
    ) -> Longer | None:
        """Leave a copy of the best training; it joins the others where it gets better."""
        if not self._wishes.longer:
            self._left_out["leave it training"] = "no time was given to it"
            return None
        losses = {name: held.loss(one) for name, one in outputs.items()}
        name = min(losses, key=lambda one: losses[one] if math.isfinite(losses[one]) else 1e99)
        self._all.progress(f"leaving {name} training")
        own = {one.record.key: one for one in trained}
        try:
            longer, model = leave_training(
                self._trainings.copy(own[name]) if name in own else self._copy(name),
                self._all.train,
                held,
                folder=self._folder / f"longer-{file_name(name)}",
                seconds=self._wishes.longer,
                batch_size=self._wishes.batch_size,
                seed=self._wishes.seed + 1,  # another order than the rows had before
            )
        except InputError as error:
            self._left_out["leave it training"] = str(error)
            return None
        if longer.best_at:
            self._pool.add(f"{name}, left training", model)
            outputs[f"{name}, left training"] = predict(model, held.rows.x)
        return longer

    def _copy(self, name: str) -> Any:
        """Return another object of a model that was given, with the state of its optimizer."""
        path = self._folder / "given.keras"
        try:
            self._pool.models[name].save(path)
            return opened(path)
        except Exception as error:  # own layers that cannot be written: each its own
            msg = f"Keras cannot copy {name}: {said(error)}"
            raise InputError(msg) from error
        finally:
            path.unlink(missing_ok=True)

    def _student(
        self,
        teacher: Any,
        picked: Selection,
        held: HeldOut,
        trained: Sequence[Trained],
        gain: HeldOutGain,
    ) -> tuple[Any, Taught | None]:
        """Train a student of the ensemble, and compare it with one that has no teacher."""
        alone = trained[0] if trained else None
        reason = ""
        if not self._wishes.student:
            reason = "not asked for"
        elif len(picked.chosen) == 1:
            reason = "the ensemble is a single model"
        elif gain.gain <= 0:
            reason = "the ensemble is no better than the best single model: nothing to teach"
        elif alone is None or alone.model is None:
            reason = "there is no training without a teacher to compare with"
        if reason or alone is None:
            self._left_out["student"] = reason
            return None, None
        try:
            return schooled(
                teacher,
                alone,
                self._wishes.student,
                held,
                self._folder / "twin",
                test=self._all.test,
                progress=self._all.progress,
            )
        except NotApplicable as error:
            self._left_out["student"] = str(error)
            return None, None

    def _tested(self, single: Any, others: Mapping[str, Any]) -> dict[str, HeldOutGain]:
        """Return the gains on the best single model on the test rows."""
        test = self._all.test
        if test is None:
            return {}
        self._all.progress("predicting the test rows")
        before = test.scores(predict(single, test.rows.x))
        return {
            name: test.gain(before, predict(model, test.rows.x))
            for name, model in others.items()
            if model is not None
        }


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    """Yield a folder that is there; a passing one where none is given."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="squeeze-") as made:
            yield Path(made)
        return
    refuse_unwritable(folder, "log_dir")
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
