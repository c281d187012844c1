"""`Recipe`: the stages in order; none starts before the one before it is proved."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from keras_recipe import examine
from keras_recipe.core.check import STAGES
from keras_recipe.core.errors import InputError, NotApplicable, RecipeFailed
from keras_recipe.core.report import Report
from keras_recipe.core.runner import run
from keras_recipe.core.settings import Settings, unknown
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.sources import Source, open_source
from keras_recipe.data.splits import cut_off
from keras_recipe.experiments.growing import Growth, growth
from keras_recipe.experiments.ladder import Ladder, LadderResult
from keras_recipe.experiments.meeting import Goal, goal_of
from keras_recipe.experiments.trial_model import made, maker
from keras_recipe.overfitted import Overfitted
from keras_recipe.subject import Subject, weighted
from keras_recipe.surgery.burden import burden_of
from keras_recipe.surgery.preserve import preserve, random_states
from keras_recipe.tensorboard import Writer

EPOCHS = 20  # where none are planned; the longest rungs take four times as many
MOST_BYTES = 2**28  # of a dataset that is read into memory for the trainings of a ladder
_OWN = ("model", "x", "y", "validation_data", "test_data", "select", "seed", "fit_settings")


class Recipe:
    """Karpathy's recipe on one program, stage by stage.

    A stage runs those before it that were not run yet, and refuses to start while one of their
    checks FAILs.

    Args:
        build: `build(hp=None)`, which returns a compiled model (KerasTuner's signature; `hp`
            may be missing), or a compiled model: then the ladder trains copies of it whose
            weights are drawn anew.
        data: Training rows: `(x, y)`, `(x, y, sample_weight)` or a dataset, as for `fit`.
        validation_data: Held-out rows likewise.
        test_data: Rows kept for the very end likewise.
        log_dir: Folder for the journal of trainings (`overfit.jsonl`), from which a ladder that
            was stopped goes on, and for TensorBoard; nothing is written when None.
        seed: Seed of the model's first weights and of every random choice of the checks.
        **settings: What else `fit` would be given and `keras_recipe.check` takes: `epochs`,
            `batch_size`, `validation_split`, `class_weight`, `task`, `groups`, `budget`, ...

    Attributes:
        report: Everything found so far.

    Raises:
        InputError: `build` is neither a function nor a compiled model.
        ConfigError: A setting is unknown.

    Example:
        >>> # recipe = Recipe(build, data=(x, y), validation_data=(x_val, y_val))
        >>> # recipe.data(); recipe.baseline(); print(recipe.overfit())
    """

    def __init__(
        self,
        build: Any,
        data: Any,
        validation_data: Any = None,
        test_data: Any = None,
        *,
        log_dir: str | Path | None = None,
        seed: int = 0,
        **settings: Any,
    ) -> None:
        known = {**inspect.signature(keras.Model.fit).parameters}
        known |= inspect.signature(examine.check).parameters
        for name in settings:
            if name not in known or name in (*_OWN, "self"):
                choices = [one for one in known if one not in (*_OWN, "self")]
                raise unknown(name, choices, "setting of Recipe")
        self._build = getattr(build, "recipe_inner", build)
        self._make = maker(self._build)
        self._data = data if isinstance(data, tuple | list) else (data,)
        if not 1 <= len(self._data) <= 3:
            msg = f"`data` must be (x, y), (x, y, weights) or a dataset; got {len(data)} parts."
            raise InputError(msg)
        self._held = {"validation_data": validation_data, "test_data": test_data}
        self._log_dir = None if log_dir is None else Path(log_dir)
        self._seed, self._settings, self._model = seed, settings, None
        if len(self._data) == 3:
            self._settings = {**settings, "sample_weight": self._data[2]}
        self._done: set[str] = set()
        self.report = Report()

    @property
    def model(self) -> Any:
        """The model that is checked: the one given, or the first that `build` made."""
        if self._model is None:
            given = isinstance(self._build, keras.Model)
            with random_states(self._seed):
                self._model = self._build if given else made(self._make)
        return self._model

    def data(self) -> Report:
        """Look at the data: the checks of stage 1.

        Returns:
            Their rows; `report` has them, too.
        """
        return self._checked("1")

    def baseline(self, *, force: bool = False) -> Report:
        """Check skeleton and baselines: the checks of stage 2.

        Args:
            force: Start although a check of stage 1 FAILs.

        Returns:
            Their rows; `report` has them, too.

        Raises:
            RecipeFailed: A check of stage 1 FAILs.
        """
        self._prepare("2", force=force)
        return self._checked("2")

    def overfit(
        self,
        budget: Any = 600.0,
        *,
        goal: Any = 0.99,
        seeds: Sequence[int] = (0, 1, 2),
        parallel: int | None = None,
        force: bool = False,
        verbose: Any = "auto",
    ) -> Overfitted:
        """Grow the model one step at a time until it learns its training rows.

        Each step (regularisation off, Adam, wider, deeper, longer) is tried on top of the ones
        that were kept, with the same seeds, and kept if the training loss falls beyond noise.
        It ends when the loss meets the noise floor (as KR209 computes it) or that of a person
        (KR206), or when there is nothing left to try.

        Args:
            budget: Seconds for all trainings together: each may take its equal part, and is
                cut short then.
            goal: Share of the way from the best constant's loss to the noise floor that meets
                it. Nets that learn by heart, unregularised, get 99 % of their rows right and
                more (Zhang et al. 2017, table 1).
            seeds: At least two; each step is trained once with each.
            parallel: Processes to train in; None: one after the other.
            force: Start although a check of stage 1 or 2 FAILs.
            verbose: `"auto"` shows progress in a terminal, 0 never, 1 always.

        Returns:
            The rungs, shown as a table; `report` has the checks of stage 3.

        Raises:
            RecipeFailed: A check of stage 1 or 2 FAILs.
            InputError: An argument cannot be used, or there are no targets to learn.
        """
        if isinstance(budget, bool) or not isinstance(budget, int | float) or not budget > 0:
            msg = f"`budget` must be a number of seconds above 0. Received: {budget!r}"
            raise InputError(msg)
        if isinstance(goal, bool) or not isinstance(goal, int | float) or not 0 < goal <= 1:
            msg = f"`goal` must be a share above 0, at most 1. Received: {goal!r}"
            raise InputError(msg)
        self._prepare("3", force=force)
        subject: Subject = self._checked("3").subject
        if subject.sample.y is None:
            msg = "There is nothing to learn: the data has no targets."
            raise InputError(msg)
        fit = subject.settings()
        epochs = fit.epochs if "epochs" in self._settings else EPOCHS
        steps = epochs * (fit.steps_per_epoch or 1)
        wanted, moves = self._planned(subject, steps, float(goal))
        trainings = (len(moves.moves) + 1) * max(len(seeds), 1)
        with _progress(verbose) as progress:
            ladder = Ladder(
                self._build,
                self._rows(),
                monitor="loss",
                seeds=seeds,
                steps=steps,
                seconds=budget / trainings if math.isfinite(budget) else None,
                batch_size=fit.batch_size,
                journal=None if self._log_dir is None else self._log_dir / "overfit.jsonl",
                log_dir=self._log_dir,
                board=None if self._log_dir is None else Writer,
                parallel=parallel,
                goal=wanted.loss,
                progress=progress,
            )
            climbed = ladder.climb(moves.moves)
        self._judge(climbed)
        return Overfitted(ladder=climbed, goal=wanted, left_out=moves.left_out)

    def _planned(self, subject: Subject, steps: int, share: float) -> tuple[Goal, Growth]:
        """Return what is to be met, and the moves; the model is left as it was."""
        with preserve(self.model):
            wanted = goal_of(
                self.model, subject.task, subject.sample, subject.human, share=share
            )
            burden = burden_of(self.model, subject.probe.x)
            return wanted, growth(self.model, burden, steps=steps)

    def _source(self) -> Source:
        x, y = (*self._data, None)[:2]
        source = open_source(x, y, self._settings.get("sample_weight"))
        share = self._settings.get("validation_split", 0.0)
        held = self._held["validation_data"] is not None
        return cut_off(source, 0.0 if held else share)[0]

    def _rows(self) -> Batch:
        """Return the training rows in memory; of a large dataset the first ones that fit."""
        source = self._source()
        rows = source.whole
        if rows is None:
            read, size = [], 0
            for batch in source.batches():
                read.append(batch)
                size += sum(leaf.nbytes for part in batch.parts() for leaf in leaves(part))
                if size > MOST_BYTES:
                    break
            rows = Batch.joined(read)
        return weighted(rows, self._settings.get("class_weight"))

    def _prepare(self, stage: str, *, force: bool) -> None:
        """Run the stages before this one that were not run, and refuse to go on if one FAILs.

        Raises:
            RecipeFailed: One does, and `force` is False.
        """
        before = [one for one in STAGES if one < stage]
        for one in before:
            if one not in self._done:
                self._checked(one)
            failed = [r for r in self.report.failures if r.code[2] == one]
            if failed and not force:
                rows = "; ".join(f"{r.code} {r.name}: {r.message}" for r in failed)
                msg = (
                    f"Stage {stage} ({STAGES[stage]}) does not start while stage {one} FAILs: "
                    f"{rows}. Mend it, or go on with force=True."
                )
                raise RecipeFailed(msg)

    def _checked(self, stage: str) -> Report:
        """Run the checks of a stage on the model and add their rows to `report`."""
        x, y = (*self._data, None)[:2]
        found = examine.check(
            self.model,
            x,
            y,
            **self._held,
            **self._settings,
            select=f"KR{stage}",
            seed=self._seed,
        )
        self._done.add(stage)
        self.report = self.report.merged(found)
        return found

    def _judge(self, climbed: LadderResult) -> None:
        """Add what the checks say that read the record of a ladder."""
        settings = Settings.from_pyproject(Path("pyproject.toml"))
        chosen = [check for check in settings.chosen() if "ladder" in check.needs]
        needs = _Climbed(climbed)
        self.report = self.report.merged(run(chosen, needs, settings=settings))


class _Climbed:
    """Answers the needs of the checks that read a ladder."""

    def __init__(self, ladder: LadderResult) -> None:
        self._ladder = ladder

    def need(self, name: str) -> Any:
        """Return the ladder."""
        if name == "ladder":
            return self._ladder
        msg = f"there is no `{name}` after a ladder"
        raise NotApplicable(msg)


@contextmanager
def _progress(verbose: Any) -> Iterator[Callable[[str], None]]:
    """Yield a function that shows which rung is tried; silent where nobody looks."""
    shown = sys.stderr.isatty() if verbose == "auto" else bool(verbose)
    if not shown:
        yield lambda _: None
        return
    with Console(stderr=True).status("making the first model") as status:
        yield lambda text: status.update(text)
