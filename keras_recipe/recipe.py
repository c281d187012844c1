"""`Recipe`: the stages in order; none starts before the one before it is proved."""

from __future__ import annotations

import dataclasses
import inspect
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from keras_recipe import examine, squeeze
from keras_recipe.core.check import STAGES
from keras_recipe.core.errors import InputError, RecipeFailed
from keras_recipe.core.report import Report
from keras_recipe.core.settings import unknown
from keras_recipe.experiments.growing import Growth, growth
from keras_recipe.experiments.held_out import HeldOut, HeldOutGain
from keras_recipe.experiments.ladder import Ladder, LadderResult
from keras_recipe.experiments.meeting import Goal, goal_of
from keras_recipe.experiments.retraining import refuse_few
from keras_recipe.experiments.trial_model import made, maker
from keras_recipe.experiments.trial_move import merged
from keras_recipe.experiments.trial_run import Budget, Trial
from keras_recipe.finished import Finished, gains
from keras_recipe.judging import judged
from keras_recipe.overfitted import Overfitted
from keras_recipe.regularize import Request, climb
from keras_recipe.regularized import Regularized
from keras_recipe.reports.progress import progress_of
from keras_recipe.rows import Rows
from keras_recipe.search.leading import crew_of
from keras_recipe.search.plan import PATIENCE, SearchPlan
from keras_recipe.search.result import SearchResult, Tuned, winner
from keras_recipe.search.searching import retrain, search
from keras_recipe.search.working import join
from keras_recipe.squeezed import Squeezed
from keras_recipe.subject import Subject
from keras_recipe.surgery.burden import burden_of
from keras_recipe.surgery.preserve import preserve, random_states
from keras_recipe.tensorboard import Writer

#: Parts of the budget of `Recipe.run`. A ladder's moves take most: each is trained with every
#: seed, and there are some 15 of them in stage 4, half of that in stage 3.
SHARES = {"3": 0.15, "4": 0.35, "5": 0.25, "6": 0.25}
EPOCHS = 20  # where none are planned; the longest rungs take four times as many
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
        log_dir: Folder for the journals of trainings (`overfit.jsonl`, `regularize.jsonl`),
            from which a ladder that was stopped goes on, and for TensorBoard; nothing is
            written when None.
        seed: Seed of the model's first weights and of every random choice of the checks.
        **settings: What else `fit` would be given and `keras_recipe.check` takes: `epochs`,
            `batch_size`, `validation_split`, `class_weight`, `task`, `groups`, `budget`, ...

    Attributes:
        report: Everything found so far.
        target: `module:factory` it was made from, for processes that make it anew; or None.

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
        parts = data if isinstance(data, tuple | list) else (data,)
        if not 1 <= len(parts) <= 3:
            msg = f"`data` must be (x, y), (x, y, weights) or a dataset; got {len(data)} parts."
            raise InputError(msg)
        self._log_dir = None if log_dir is None else Path(log_dir)
        self._seed, self._settings, self._model = seed, settings, None
        if len(parts) == 3:
            self._settings = {**settings, "sample_weight": parts[2]}
        self._rows = Rows(
            x=parts[0],
            y=parts[1] if len(parts) > 1 else None,
            validation_data=validation_data,
            test_data=test_data,
            settings=self._settings,
        )
        self._done: set[str] = set()
        self._grown: LadderResult | None = None
        self._kept: LadderResult | None = None
        self._tuned: Tuned | None = None
        self.report = Report()
        self.target: str | None = None

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
        fit, steps = subject.settings(), self._steps(subject)
        wanted, moves = self._planned(subject, steps, float(goal))
        trainings = (len(moves.moves) + 1) * max(len(seeds), 1)
        with progress_of(verbose) as progress:
            ladder = Ladder(
                self._build,
                self._rows.train(),
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
        self._judge("ladder", climbed)
        # what was regularised or tuned was another program
        self._grown, self._kept, self._tuned = climbed, None, None
        return Overfitted(ladder=climbed, goal=wanted, left_out=moves.left_out)

    def regularize(
        self,
        moves: Any = None,
        budget: Any = 600.0,
        *,
        pretrained: Any = None,
        synthetic: Any = None,
        seeds: Sequence[int] = (0, 1, 2),
        parallel: int | None = None,
        force: bool = False,
        verbose: Any = "auto",
    ) -> Regularized:
        """Try what may keep the model from learning by heart, one move at a time.

        It begins with what `overfit` grew, if that was run. Each move is tried on top of the
        ones that were kept, with the same seeds, and kept if the validation loss falls beyond
        noise. The validation rows choose the moves, so what they say of the winner is a little
        too good: the test rows are for the end.

        Args:
            moves: Names of families (`"more data"`, `"augmentation"`, `"synthetic data"`,
                `"pretrained"`, `"smaller input"`, `"smaller model"`, `"smaller batch"`,
                `"dropout"`, `"weight decay"`, `"early stopping"`, `"larger model"`) and
                `Move`s of your own, which come last; None: all families.
            budget: Seconds for all trainings together: each may take its equal part.
            pretrained: A model, or the path of a `.keras` file, whose weights are tried as
                they are (frozen) and as a beginning (free).
            synthetic: Made-up rows `(x, y)`, or a function that makes them of a `Batch`.
            seeds: At least two; each move is trained once with each.
            parallel: Processes to train in; None: one after the other.
            force: Start although a check of an earlier stage FAILs.
            verbose: `"auto"` shows progress in a terminal, 0 never, 1 always.

        Returns:
            What each move gained, shown as a table; `report` has the checks of stage 4.

        Raises:
            RecipeFailed: A check of an earlier stage FAILs.
            InputError: An argument cannot be used, or there are no validation rows.
        """
        request = Request(
            moves=moves,
            pretrained=pretrained,
            synthetic=synthetic,
            budget=budget,
            seeds=seeds,
            parallel=parallel,
            log_dir=self._log_dir,
        )
        held = self._rows.held()
        self._prepare("4", force=force)
        subject: Subject = self._checked("4").subject
        with progress_of(verbose) as progress:
            climbed = climb(
                request, self._build, subject, (self._rows.train(), held), self._steps(subject),
                self._grown, progress,
            )  # fmt: skip
        self._judge("climbed", climbed, subject)
        self._kept, self._tuned = climbed.ladder, None
        return Regularized(climbed=climbed)

    def tune(  # noqa: PLR0913  what a search can be told
        self,
        method: str = "bayesian",
        trials: int = 20,
        budget: Any = 3600.0,
        *,
        objective: Any = "val_loss",
        patience: int | None = PATIENCE,
        seeds: Sequence[int] | None = (0, 1, 2),
        workers: int | None = None,
        chief: str | None = None,
        force: bool = False,
        verbose: Any = "auto",
    ) -> SearchResult:
        """Search the hyperparameters with KerasTuner.

        What is searched is what `build(hp)` asks for. A program that asks for nothing gets a
        space made for it: learning rate and weight decay on logarithmic scales, dropout, width
        and batch size, around what `overfit` and `regularize` kept. Each trial has a seed of
        its own, is a run of TensorBoard with its hyperparameters, and is kept with the best
        epoch's weights; one that fails is kept as failed. With a `log_dir` a search that was
        killed goes on where it was, and ends as it would have ended.

        Args:
            method: `"random"`, `"bayesian"`, `"hyperband"` (whose schedule follows from the
                epochs alone), `"grid"` (about which KR501 warns) or `"optuna"` (its TPE; its
                other samplers as in `"optuna:gp"`).
            trials: At most.
            budget: Seconds after which no further trial begins.
            objective: Name of a log of `fit`, or a `keras_tuner.Objective`.
            patience: Epochs without a better objective after which a trial ends; None: never.
            seeds: With each of these the winner, the runner-up and the start are trained anew
                and compared (KR504); None: not.
            workers: Processes that train the trials, for a recipe made from a
                `module:factory`; None: this one does.
            chief: HOST:PORT at which this process then leads workers of other machines, too
                (`join`); whoever reaches it can take part. None: of this one alone.
            force: Start although a check of an earlier stage FAILs.
            verbose: `"auto"` shows progress in a terminal, 0 never, 1 always.

        Returns:
            Trials, pictures and the best model; `report` has the checks of stage 5.

        Raises:
            RecipeFailed: A check of an earlier stage FAILs.
            InputError: An argument cannot be used, there are no validation rows, or every
                trial failed.
        """
        if seeds is not None:
            refuse_few(seeds)
        held = self._rows.held()
        plan = SearchPlan(
            method=method,
            trials=trials,
            objective=objective,
            patience=patience,
            seed=self._seed,
            seconds=budget,
        )
        ladders = [one for one in (self._grown, self._kept) if one is not None]
        kept = tuple(move for one in ladders for move in one.best)
        crew = crew_of(workers, chief, self.target, self._log_dir, kept)
        self._prepare("5", force=force)
        subject: Subject = self._checked("5").subject
        rows = self._rows.train()
        for move in kept:
            rows = move.data(rows)
        fit = merged(kept, steps=self._steps(subject), batch_size=subject.settings().batch_size)
        turn = math.ceil(len(rows) / fit["batch_size"])
        epochs = fit.get("epochs") or math.ceil(fit["steps"] / turn)
        plan = dataclasses.replace(plan, epochs=epochs, batch_size=fit["batch_size"])
        with progress_of(verbose) as progress:
            found = search(
                self._build,
                plan,
                rows,
                held,
                moves=kept,
                folder=self._log_dir,
                board=None if self._log_dir is None else Writer,
                progress=progress,
                crew=crew,
            )
            if seeds is not None:
                found = retrain(found, seeds, progress, self._log_dir)
        self._judge("search", found.record, subject)
        self._tuned = winner(found, kept)
        return found

    def join(self, chief: str, verbose: Any = "auto") -> None:
        """Train trials of a search that another process leads, until it is over.

        For a process of its own, with the same program and data: it ends when the chief's is
        gone, whatever it trains.

        Args:
            chief: HOST:PORT at which the chief was told to lead.
            verbose: `"auto"` shows progress in a terminal, 0 never, 1 always.

        Raises:
            InputError: There is no such chief, or it searches another program.
        """
        rows = (self._rows.train(), self._rows.held())
        with progress_of(verbose) as progress:
            join(self._build, rows, chief, self._log_dir, Writer, progress)

    def squeeze(  # noqa: PLR0913  what can be done to a finished program
        self,
        members: Any = 5,
        search: Any = None,
        budget: Any = 3600.0,
        *,
        distil: Any = True,
        average: bool = True,
        longer: Any = None,
        most: Any = 10,
        force: bool = False,
        verbose: Any = "auto",
    ) -> Squeezed:
        """Squeeze out the rest: average models, teach one by them, leave the best training.

        The program (with what `overfit` and `regularize` kept, if they were run) is trained
        once a seed. Greedy selection with replacement (Caruana et al. 2004) chooses what to
        average, on the validation rows; what the ensemble is worth is told on rows it was not
        chosen by. With a `log_dir` a run that was killed goes on where it was, and the result
        is in `ensemble.keras`. The test rows are used once, at the end.

        Args:
            members: Trainings, one a seed; 0: only what `search` holds.
            search: A `SearchResult`, or a list of models or `.keras` files, that may have a
                part in the ensemble, too.
            budget: Seconds for all trainings together: each may take its equal part.
            distil: Whether the ensemble teaches a single model; or what makes that model.
            average: Whether a moving average of the weights (EMA) is compared.
            longer: Seconds for which the best is left training; None: an equal part; 0: not.
            most: Different models in the ensemble at most.
            force: Start although a check of an earlier stage FAILs.
            verbose: `"auto"` shows progress in a terminal, 0 never, 1 always.

        Returns:
            Models and numbers, shown as tables; `report` has the checks of stage 6.

        Raises:
            RecipeFailed: A check of an earlier stage FAILs.
            InputError: An argument cannot be used, or there are no validation rows.
        """
        request = squeeze.Request(
            members=members,
            search=search,
            budget=budget,
            distil=distil,
            average=average,
            longer=longer,
            most=most,
            log_dir=self._log_dir,
        )
        held, test = self._rows.held(), self._rows.test()
        self._prepare("6", force=force)
        subject: Subject = self._checked("6").subject
        with progress_of(verbose) as progress:
            found = squeeze.squeeze(
                request,
                self._tuned or self._kept or self._grown or self._build,
                self.model,
                subject,
                (self._rows.train(), held, test),
                steps=self._steps(subject),
                seed=self._seed,
                progress=progress,
            )
        self._judge("squeezing", found.record, subject)
        return found

    def run(
        self,
        budget: Any = 3600.0,
        *,
        moves: Any = None,
        trials: int = 20,
        members: Any = 5,
        force: bool = False,
        verbose: Any = "auto",
    ) -> Finished:
        """Follow the recipe through its six stages.

        Each stage begins where the one before it ended. With a `log_dir` a run that was killed
        goes on where it was: trainings that are in the journals are not made again. `SHARES`
        says which part of the time each stage gets; one that needs less gives nothing on, so
        that a run that goes on has the same limits.

        Args:
            budget: Seconds for the trainings of all stages together.
            moves: As `regularize` takes them.
            trials: As `tune` takes them.
            members: As `squeeze` takes them.
            force: Go on although a check FAILs.
            verbose: `"auto"` shows progress in a terminal, 0 never, 1 always.

        Returns:
            What each stage found and gained; `report` has all checks.

        Raises:
            RecipeFailed: A check FAILs.
            InputError: An argument cannot be used, or there are no validation rows.
        """
        if isinstance(budget, bool) or not isinstance(budget, int | float) or not budget > 0:
            msg = f"`budget` must be a number of seconds above 0. Received: {budget!r}"
            raise InputError(msg)
        began, asked = time.perf_counter(), {"force": force, "verbose": verbose}
        self._rows.held()  # refused now, not after two stages
        results: dict[str, Any] = {"3": self.overfit(SHARES["3"] * budget, **asked)}
        results["4"] = self.regularize(moves, SHARES["4"] * budget, **asked)
        results["5"] = self.tune(trials=trials, budget=SHARES["5"] * budget, **asked)
        library = [results["4"].model, *results["5"].trials]  # none may be better than the end
        last = self.squeeze(members, library, SHARES["6"] * budget, **asked)
        results["6"] = last
        found = Finished(
            report=self.report,
            results=results,
            gains=self._gains(results),
            model=last.model,
            path=last.path,
            seconds=time.perf_counter() - began,
        )
        self.report.facts |= found.facts
        return found

    def _gains(self, results: Mapping[str, Any]) -> dict[str, HeldOutGain]:
        """Return what each stage's model gains on the program as it is, trained as planned."""
        subject: Subject = self.report.subject
        test = self._rows.test()
        rows, split = (self._rows.held(), "validation") if test is None else (test, "test")
        given = Trial(
            build=self._build,
            seed=self._seed,
            train=self._rows.train(),
            validation=rows,
            budget=Budget(steps=self._steps(subject), batch_size=subject.settings().batch_size),
        )
        judge = HeldOut(model=self.model, rows=rows, task=subject.task, split=split)
        # stage 3 learns the training rows by heart: it is no model to compare
        models = {stage: one.model for stage, one in results.items() if stage != "3"}
        return gains(given.trained()[1], models, judge)

    def _steps(self, subject: Subject) -> int:
        """Return the optimizer steps of a training as planned."""
        fit = subject.settings()
        epochs = fit.epochs if "epochs" in self._settings else EPOCHS
        return epochs * (fit.steps_per_epoch or 1)

    def _planned(self, subject: Subject, steps: int, share: float) -> tuple[Goal, Growth]:
        """Return what is to be met, and the moves; the model is left as it was."""
        with preserve(self.model):
            wanted = goal_of(
                self.model, subject.task, subject.sample, subject.human, share=share
            )
            burden = burden_of(self.model, subject.probe.x)
            return wanted, growth(self.model, burden, steps=steps)

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
        rows = self._rows
        found = examine.check(
            self.model,
            rows.x,
            rows.y,
            validation_data=rows.validation_data,
            test_data=rows.test_data,
            **self._settings,
            select=f"KR{stage}",
            seed=self._seed,
        )
        self._done.add(stage)
        self.report = self.report.merged(found)
        return found

    def _judge(self, name: str, found: Any, subject: Subject | None = None) -> None:
        """Add what the checks say that read the record of a ladder or search."""
        self.report = self.report.merged(judged(self.report, name, found, subject))
