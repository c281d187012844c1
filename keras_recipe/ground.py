"""What a recipe stands on: the program, its rows, what its stages proved and left."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from keras_recipe import examine
from keras_recipe.core.check import STAGES
from keras_recipe.core.errors import InputError, RecipeFailed
from keras_recipe.core.report import Report
from keras_recipe.core.settings import unknown
from keras_recipe.experiments.ladder import LadderResult
from keras_recipe.experiments.trial_model import made, maker
from keras_recipe.experiments.trial_move import Move
from keras_recipe.judging import judged
from keras_recipe.rows import Rows
from keras_recipe.search.result import Tuned
from keras_recipe.subject import Subject
from keras_recipe.surgery.preserve import random_states

EPOCHS = 20  # where none are planned; the longest rungs take four times as many
_OWN = ("model", "x", "y", "validation_data", "test_data", "select", "seed", "fit_settings")


class Ground:
    """The ground that the stages stand on; each finds here what those before it left.

    Args:
        build: As `Recipe` takes it, and what follows likewise.
        data: Training rows.
        validation_data: Held-out rows, or None.
        test_data: Rows kept for the very end, or None.
        log_dir: Folder for journals and TensorBoard, or None.
        seed: Of the model's first weights and of every random choice.
        settings: Of `fit` and of `keras_recipe.check`.

    Attributes:
        rows: The rows of the program.
        report: Everything found so far.
        done: Numbers of the stages whose checks were run.
        grown: What stage 3 grew; None before it.
        kept: What stage 4 kept likewise.
        tuned: What stage 5 chose likewise; None, too, where that is what stage 4 kept.

    Raises:
        InputError: `build` is neither a function nor a compiled model, or `data` no rows.
        ConfigError: A setting is unknown.
    """

    def __init__(
        self,
        build: Any,
        data: Any,
        validation_data: Any,
        test_data: Any,
        log_dir: str | Path | None,
        seed: int,
        settings: Mapping[str, Any],
    ) -> None:
        _refuse_unknown(settings)
        self.build = getattr(build, "recipe_inner", build)
        self._make = maker(self.build)
        parts = data if isinstance(data, tuple | list) else (data,)
        if not 1 <= len(parts) <= 3:
            msg = f"`data` must be (x, y), (x, y, weights) or a dataset; got {len(data)} parts."
            raise InputError(msg)
        self.log_dir = None if log_dir is None else Path(log_dir)
        self.seed, self._model = seed, None
        self.settings = {**settings}
        if len(parts) == 3:
            self.settings["sample_weight"] = parts[2]
        self.rows = Rows(
            x=parts[0],
            y=parts[1] if len(parts) > 1 else None,
            validation_data=validation_data,
            test_data=test_data,
            settings=self.settings,
        )
        self.report, self.done = Report(), set[str]()
        self.grown: LadderResult | None = None
        self.kept: LadderResult | None = None
        self.tuned: Tuned | None = None

    @property
    def model(self) -> Any:
        """The model that is checked: the one given, or the first that `build` made."""
        if self._model is None:
            given = isinstance(self.build, keras.Model)
            with random_states(self.seed):
                self._model = self.build if given else made(self._make)
        return self._model

    @property
    def moves(self) -> tuple[Move, ...]:
        """What stages 3 and 4 kept, in order."""
        ladders = [one for one in (self.grown, self.kept) if one is not None]
        return tuple(move for one in ladders for move in one.best)

    def steps(self, subject: Subject) -> int:
        """Return the optimizer steps of a training as planned."""
        fit = subject.settings()
        epochs = fit.epochs if "epochs" in self.settings else EPOCHS
        return epochs * (fit.steps_per_epoch or 1)

    def place(self, name: str) -> Path | None:
        """Return the path of a name in the log folder; None where nothing is written."""
        return None if self.log_dir is None else self.log_dir / name

    def begin(self, stage: str, *, force: bool) -> Subject:
        """Prove what comes before a stage, run its checks and return what they examined.

        Raises:
            RecipeFailed: A check of an earlier stage FAILs, and `force` is False.
        """
        self.prove(stage, force=force)
        subject: Subject = self.check(stage).subject
        return subject

    def prove(self, stage: str, *, force: bool) -> None:
        """Run the stages before this one that were not run, and refuse to go on if one FAILs.

        Raises:
            RecipeFailed: One does, and `force` is False.
        """
        before = [one for one in STAGES if one < stage]
        for one in before:
            if one not in self.done:
                self.check(one)
            failed = [r for r in self.report.failures if r.code[2] == one]
            if failed and not force:
                rows = "; ".join(f"{r.code} {r.name}: {r.message}" for r in failed)
                msg = (
                    f"Stage {stage} ({STAGES[stage]}) does not start while stage {one} FAILs: "
                    f"{rows}. Mend it, or go on with force=True."
                )
                raise RecipeFailed(msg)

    def check(self, stage: str) -> Report:
        """Run the checks of a stage on the model and add their rows to `report`."""
        rows = self.rows
        found = examine.check(
            self.model,
            rows.x,
            rows.y,
            validation_data=rows.validation_data,
            test_data=rows.test_data,
            **self.settings,
            select=f"KR{stage}",
            seed=self.seed,
        )
        self.done.add(stage)
        self.report = self.report.merged(found)
        return found

    def judge(self, name: str, found: Any, subject: Subject | None = None) -> None:
        """Add what the checks say that read the record of a ladder or search."""
        self.report = self.report.merged(judged(self.report, name, found, subject))


def _refuse_unknown(settings: Mapping[str, Any]) -> None:
    known = {**inspect.signature(keras.Model.fit).parameters}
    known |= inspect.signature(examine.check).parameters
    choices = [one for one in known if one not in (*_OWN, "self")]
    for name in settings:
        if name not in choices:
            raise unknown(name, choices, "setting of Recipe")
