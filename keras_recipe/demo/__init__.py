"""`keras-recipe demo`: the recipe on real pictures, through all six stages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from keras_recipe.core.report import Report
from keras_recipe.demo.checklist import examined
from keras_recipe.demo.datasets import named
from keras_recipe.demo.networks import network
from keras_recipe.demo.six_stages import followed

__all__ = ["network", "run"]


def run(
    *,
    broken: bool = False,
    fix: bool = True,
    quick: bool = False,
    log_dir: str | Path = "runs/demo",
    dataset: str = "digits",
    budget: float | None = None,
    say: Callable[[str], None] = print,
) -> Report:
    """Follow the recipe on a real data set; returns the last report.

    Args:
        broken: Start from the deliberately broken twin; checklist, fixes and one training.
        fix: Apply the fixes that the report offers before that training.
        quick: Only the checklist and one watched training.
        log_dir: Folder for TensorBoard and the HTML report.
        dataset: `"digits"` (scikit-learn's, always there) or `"fashion_mnist"`.
        budget: Seconds for the trainings of all six stages; None: as the data set needs.
        say: Shows one line of text.

    Raises:
        ConfigError: The data set's name is unknown.
        InputError: The log folder cannot be written or the data is not to be had.
    """
    dataset, folder = named(dataset), Path(log_dir)
    if broken or quick:
        return examined(dataset, folder, say, broken=broken, fix=fix)
    return followed(dataset, folder, say, budget)
