"""The demo itself: all six stages of the recipe on real pictures."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_recipe.callbacks.report_log import ReportLog
from keras_recipe.core.errors import RecipeFailed
from keras_recipe.core.folders import refuse_unwritable
from keras_recipe.core.report import Report
from keras_recipe.demo.datasets import DATASETS, Split
from keras_recipe.demo.networks import plain
from keras_recipe.finished import Finished
from keras_recipe.recipe import Recipe
from keras_recipe.reports import console, write
from keras_recipe.tensorboard import Writer, board_command

#: Families of stage 4 that cost no more than the training itself.
CHEAP = ("more data", "dropout", "weight decay", "early stopping")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is done with a data set.

    Attributes:
        train: Rows to train on, of those that are not held out.
        validation: Rows that the stages choose by, of the same.
        epochs: Of a training as planned.
        batch_size: Rows a step.
        budget: Seconds for all trainings, of which each may take its equal part. Most need
            less, so that the whole takes about half of it.
        moves: Families of stage 4.
        trials: Of the search.
        members: Of the ensemble.
    """

    train: int
    validation: int
    epochs: int
    batch_size: int
    budget: float
    moves: tuple[str, ...] = CHEAP
    trials: int = 10
    members: int = 5


#: So that on two cores the digits take less than 4 minutes, Fashion-MNIST less than 25 (on one
#: core 8,000 rows and 1,800 s took 34). Turned and shifted images are left out of the digits:
#: with 8 pixels they only harm.
PLANS: Mapping[str, Plan] = {
    "digits": Plan(
        train=1100, validation=300, epochs=12, batch_size=64, budget=400.0, trials=8
    ),
    "fashion_mnist": Plan(
        train=6_000,
        validation=4_000,
        epochs=6,
        batch_size=64,
        budget=1200.0,
        moves=("augmentation", *CHEAP),
    ),
}


def _cut(rows: Split, start: int, stop: int) -> Split:
    x, y = rows
    return x[start:stop], y[start:stop]


def recipe_on(dataset: str, plan: Plan, log_dir: Path | None = None) -> tuple[Recipe, str]:
    """Return the recipe of a data set, and which rows it has in words.

    Args:
        dataset: A name in `DATASETS`.
        plan: How many rows.
        log_dir: As `Recipe` takes it.

    Raises:
        InputError: The data is not to be had.
    """
    kept, test = DATASETS[dataset]()
    order = np.random.default_rng(0).permutation(len(kept[0]))
    kept = (kept[0][order], kept[1][order])
    train = _cut(kept, plan.validation, plan.validation + plan.train)
    held = _cut(kept, 0, plan.validation)
    text = (
        f"{len(train[0])} {dataset} images to train on and {len(held[0])} to choose by, drawn "
        f"from {len(kept[0])}; {len(test[0])} test images for the end"
    )
    recipe = Recipe(
        functools.partial(plain, train[0].shape[1:]),
        data=train,
        validation_data=held,
        test_data=test,
        log_dir=log_dir,
        epochs=plan.epochs,
        batch_size=plan.batch_size,
    )
    return recipe, text


def followed(
    dataset: str, log_dir: Path, say: Callable[[str], None], budget: float | None = None
) -> Report:
    """Follow the recipe through its six stages and report; started again it goes on.

    Args:
        dataset: A name in `DATASETS`.
        log_dir: Journals, models, report and TensorBoard's runs go to a folder in it that is
            named after data and backend.
        say: Shows one line of text.
        budget: Seconds for all trainings; None: as the data set's plan says.

    Returns:
        The last report: that of the stage that did not start, where a check FAILs.

    Raises:
        InputError: The folder cannot be used, or the data is not to be had.
    """
    plan = PLANS[dataset]
    folder = log_dir / f"{dataset}-{keras.config.backend()}"
    refuse_unwritable(folder, "--log-dir")
    recipe, text = recipe_on(dataset, plan, folder)
    say(f"Six stages on {text}")
    try:
        for stage in (recipe.data, recipe.baseline):
            say(console.render(stage()))
        many: dict[str, Any] = {"trials": plan.trials, "members": plan.members}
        found = recipe.run(budget or plan.budget, moves=plan.moves, **many)
    except RecipeFailed as error:
        say(str(error))
        say(f"Report: {write(recipe.report, folder / 'report.html')}")
        return recipe.report
    _show(found, say)
    say(f"Report: {found.write(folder / 'report.html')}")
    _log(found.report, folder)
    say(f"TensorBoard: {board_command(folder)}")
    say("Of more than 40 runs it shows none at first: filter them (report, tune) and choose.")
    return found.report


def _show(found: Finished, say: Callable[[str], None]) -> None:
    """Say what the stages found, the gains last."""
    for stage in found.results.values():
        say(str(stage))
    late = [row for row in found.report.results if row.code >= "KR3"]  # the rest was said
    say(console.render(Report(late)))
    say(str(found))
    say(f"{found.seconds:.0f} s")


def _log(report: Report, folder: Path) -> None:
    """Write the report beside the trials' runs of TensorBoard."""
    with Writer(folder / "report") as writer:
        ReportLog(writer).write(report, 0)
