"""`Recipe`: the stages in order; none starts before the one before it is proved."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_recipe import overfit, regularize, squeeze, tune
from keras_recipe.core.report import Report
from keras_recipe.core.seconds import refuse_unless_seconds
from keras_recipe.finished import Finished, finished
from keras_recipe.ground import Ground
from keras_recipe.overfitted import Overfitted
from keras_recipe.regularized import Regularized
from keras_recipe.search.plan import PATIENCE
from keras_recipe.search.result import SearchResult
from keras_recipe.squeezed import Squeezed

#: Parts of the budget of `Recipe.run`. A ladder's moves take most: each is trained with every
#: seed, and there are some 15 of them in stage 4, half of that in stage 3.
SHARES = {"3": 0.15, "4": 0.35, "5": 0.25, "6": 0.25}


class Recipe:
    """Karpathy's recipe on one program: its six stages, one method each, and `run` for all.

    A stage runs the checks of those before it that were not run yet, and refuses to start
    while one of them FAILs (`RecipeFailed`), or on arguments and data that it cannot use
    (`InputError`), before anything is trained. It begins with what earlier stages kept,
    returns what it found (print it, or show it in a notebook), and adds its checks to `report`.

    Args:
        build: `build(hp=None)`, which returns a compiled model (KerasTuner's signature; `hp`
            may be missing), or a compiled model: it stays as it is, and copies of it whose
            weights are drawn anew are trained.
        data: Training rows as for `fit`: `(x, y)` or `(x, y, sample_weight)`, where `x` has
            the shape `(rows, ...)` and `y` one row for each of `x`; or a dataset.
        validation_data: Held-out rows likewise; stages 4 to 6 need them, or
            `validation_split`.
        test_data: Rows kept for the very end likewise.
        log_dir: Folder for the journals of trainings (`overfit.jsonl`, ...), from which a
            stage that was stopped goes on when it is called again, for models and for
            TensorBoard; nothing is written when None.
        seed: Seed of the model's first weights and of every random choice of the checks.
        **settings: What else `fit` would be given and `keras_recipe.check` takes: `epochs`
            (20 where none are planned), `batch_size`, `class_weight`, `task`, ...

    What several stages take:
        budget: Seconds for all trainings of the stage together: each may take its equal part,
            and is cut short then.
        seeds: At least two different whole numbers. Each step is trained once with each, and
            steps are compared seed by seed, so that noise is not taken for a gain.
        parallel: Processes to train in, -1 for one a core; None: one training after the other.
        force: Start although a check of an earlier stage FAILs.
        verbose: `"auto"` shows progress in a terminal, 0 never, 1 always.

    Attributes:
        target: `module:factory` it was made from, for processes that make it anew; or None.

    Raises:
        InputError: `build` is neither a function nor a compiled model, or `data` no rows.
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
        self._ground = Ground(build, data, validation_data, test_data, log_dir, seed, settings)
        self.target: str | None = None

    @property
    def model(self) -> Any:
        """The model that is checked: the one given, or the first that `build` made."""
        return self._ground.model

    @property
    def report(self) -> Report:
        """Everything found so far, by all stages."""
        return self._ground.report

    def data(self) -> Report:
        """Look at the data, stage 1; return the rows of its checks."""
        return self._ground.check("1")

    def baseline(self, *, force: bool = False) -> Report:
        """Check skeleton and baselines, stage 2; return the rows of its checks."""
        self._ground.prove("2", force=force)
        return self._ground.check("2")

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
        """Grow the model one step at a time until it learns its training rows, stage 3.

        Each step (regularisation off, Adam, wider, deeper, longer) is tried on top of the ones
        that were kept, and kept if the training loss falls beyond noise. It ends when the loss
        meets the noise floor (as KR209 computes it) or that of a person (KR206), or when there
        is nothing left to try.

        Args:
            budget: Seconds; like the rest explained at `Recipe`.
            goal: Share of the way from the best constant's loss to the noise floor that meets
                it. Nets that learn by heart, unregularised, get 99 % of their rows right and
                more (Zhang et al. 2017, table 1).
            seeds: Of each step's trainings.
            parallel: Processes.
            force: Whether to start on a FAIL.
            verbose: Whether to show progress.
        """
        request = overfit.Request(budget=budget, goal=goal, seeds=seeds, parallel=parallel)
        return overfit.overfit(self._ground, request, force=force, verbose=verbose)

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
        """Try what may keep the model from learning by heart, one move at a time, stage 4.

        Each move is tried on top of the ones that were kept, and kept if the validation loss
        falls beyond noise. The validation rows choose the moves, so what they say of the
        winner is a little too good: the test rows are for the end.

        Args:
            moves: Names of families (`"more data"`, `"augmentation"`, `"synthetic data"`,
                `"pretrained"`, `"smaller input"`, `"smaller model"`, `"smaller batch"`,
                `"dropout"`, `"weight decay"`, `"early stopping"`, `"larger model"`) and
                `Move`s of your own, which come last; None: all families.
            budget: Seconds; like the rest explained at `Recipe`.
            pretrained: A model, or the path of a `.keras` file, whose weights are tried as
                they are (frozen) and as a beginning (free).
            synthetic: Made-up rows `(x, y)`, or a function that makes them of a `Batch`.
            seeds: Of each move's trainings.
            parallel: Processes.
            force: Whether to start on a FAIL.
            verbose: Whether to show progress.
        """
        request = regularize.Request(
            moves=moves, budget=budget, pretrained=pretrained, synthetic=synthetic, seeds=seeds,
            parallel=parallel,
        )  # fmt: skip
        return regularize.regularize(self._ground, request, force=force, verbose=verbose)

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
        """Search the hyperparameters with KerasTuner, stage 5.

        What is searched is what `build(hp)` asks for. A program that asks for nothing gets a
        space made for it: learning rate and weight decay on logarithmic scales, dropout, width
        and batch size, around what was kept. Each trial has a seed of its own, is a run of
        TensorBoard, and is kept with its best epoch's weights; or as failed, if it failed.

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
            force: Whether to start on a FAIL.
            verbose: Whether to show progress.
        """
        request = tune.Request(
            method=method, trials=trials, budget=budget, objective=objective, patience=patience,
            seeds=seeds, workers=workers, chief=chief, target=self.target,
        )  # fmt: skip
        return tune.tune(self._ground, request, force=force, verbose=verbose)

    def join(self, chief: str, verbose: Any = "auto") -> None:
        """Train trials of a search that another process leads, until it is over.

        For a process of its own, with the same program and data: it ends when the chief's is
        gone, whatever it trains.

        Args:
            chief: HOST:PORT at which the chief was told to lead.
            verbose: Whether to show progress.
        """
        tune.join(self._ground, chief, verbose)

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
        """Average models, teach one by them, leave the best training, stage 6.

        The program is trained once a seed. Greedy selection with replacement (Caruana et al.
        2004) chooses what to average, on the validation rows; what the ensemble is worth is
        told on rows it was not chosen by. With a `log_dir` the result is in `ensemble.keras`.
        The test rows are used once, at the end.

        Args:
            members: Trainings, one a seed; 0: only what `search` holds.
            search: A `SearchResult`, or a list of models or `.keras` files, that may have a
                part in the ensemble, too.
            budget: Seconds; like `force` and `verbose` explained at `Recipe`.
            distil: Whether the ensemble teaches a single model; or what makes that model.
            average: Whether a moving average of the weights (EMA) is compared.
            longer: Seconds for which the best is left training; None: an equal part; 0: not.
            most: Different models in the ensemble at most.
            force: Whether to start on a FAIL.
            verbose: Whether to show progress.
        """
        request = squeeze.Request(
            members=members, search=search, budget=budget, distil=distil, average=average,
            longer=longer, most=most,
        )  # fmt: skip
        return squeeze.squeeze(self._ground, request, force=force, verbose=verbose)

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

        `SHARES` says which part of the time each stage gets; one that needs less gives nothing
        on, so that a run that was stopped and goes on has the same limits.

        Args:
            budget: Seconds for the trainings of all stages together.
            moves: As `regularize` takes them.
            trials: As `tune` takes them.
            members: As `squeeze` takes them.
            force: Whether to go on after a FAIL.
            verbose: Whether to show progress.
        """
        refuse_unless_seconds(budget)
        began, asked = time.perf_counter(), {"force": force, "verbose": verbose}
        self._ground.rows.held()  # refused now, not after two stages
        results: dict[str, Any] = {"3": self.overfit(SHARES["3"] * budget, **asked)}
        results["4"] = self.regularize(moves, SHARES["4"] * budget, **asked)
        results["5"] = self.tune(trials=trials, budget=SHARES["5"] * budget, **asked)
        library = [results["4"].model, *results["5"].trials]  # none may be better than the end
        results["6"] = self.squeeze(members, library, SHARES["6"] * budget, **asked)
        return finished(self._ground, results, time.perf_counter() - began)
