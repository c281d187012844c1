"""Stage 5 on a recipe's program: a search of its hyperparameters, and its winner proved."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras_recipe.experiments.retraining import refuse_few
from keras_recipe.experiments.trial_move import merged
from keras_recipe.ground import Ground
from keras_recipe.reports.progress import progress_of
from keras_recipe.search import working
from keras_recipe.search.leading import crew_of
from keras_recipe.search.plan import SearchPlan
from keras_recipe.search.result import SearchResult, winner
from keras_recipe.search.searching import retrain, search
from keras_recipe.tensorboard import Writer


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of stage 5; what the search itself cannot use, `plan` refuses.

    Attributes:
        method: As `SearchPlan` takes it, and so are `trials`, `objective` and `patience`.
        trials: At most.
        budget: Seconds after which no further trial begins.
        objective: What is searched for.
        patience: Epochs without a better one, or None.
        seeds: With which winner, runner-up and start are trained anew; None: not.
        workers: Processes that train the trials; None: this one.
        chief: HOST:PORT to lead workers of other machines at, or None.
        target: `module:factory` from which they make the program, or None.

    Raises:
        InputError: There are fewer than two seeds.
    """

    method: str
    trials: int
    budget: Any
    objective: Any
    patience: int | None
    seeds: Sequence[int] | None
    workers: int | None
    chief: str | None
    target: str | None

    def __post_init__(self) -> None:
        """Refuse seeds that can prove nothing."""
        if self.seeds is not None:
            refuse_few(self.seeds)

    def plan(self, seed: int) -> SearchPlan:
        """Return the search; its epochs and batch size are not those of the program yet.

        Raises:
            InputError: It cannot be made.
        """
        return SearchPlan(
            method=self.method,
            trials=self.trials,
            objective=self.objective,
            patience=self.patience,
            seed=seed,
            seconds=self.budget,
        )


def tune(ground: Ground, request: Request, *, force: bool, verbose: Any) -> SearchResult:
    """Do stage 5 and leave the winner for the next one.

    Args:
        ground: The program.
        request: What is asked.
        force: Start although a check of an earlier stage FAILs.
        verbose: As `progress_of` takes it.
    """
    held, plan = ground.rows.held(), request.plan(ground.seed)
    kept, folder = ground.moves, ground.log_dir
    crew = crew_of(request.workers, request.chief, request.target, folder)
    subject = ground.begin("5", force=force)
    rows = ground.rows.train()
    for move in kept:
        rows = move.data(rows)
    fit = merged(kept, steps=ground.steps(subject), batch_size=subject.settings().batch_size)
    turn = math.ceil(len(rows) / fit["batch_size"])
    epochs = fit.get("epochs") or math.ceil(fit["steps"] / turn)
    plan = dataclasses.replace(plan, epochs=epochs, batch_size=fit["batch_size"])
    with progress_of(verbose) as progress:
        found = search(
            ground.build,
            plan,
            rows,
            held,
            moves=kept,
            folder=folder,
            board=None if folder is None else Writer,
            progress=progress,
            crew=crew,
        )
        if request.seeds is not None:
            found = retrain(found, request.seeds, progress, folder)
    ground.judge("search", found.record, subject)
    ground.tuned = winner(found, kept)
    return found


def join(ground: Ground, chief: str, verbose: Any) -> None:
    """Train trials of a search that another process leads.

    Args:
        ground: The program.
        chief: HOST:PORT at which it leads.
        verbose: As `progress_of` takes it.
    """
    rows = (ground.rows.train(), ground.rows.held())
    with progress_of(verbose) as progress:
        working.join(ground.build, rows, chief, ground.log_dir, Writer, progress)
