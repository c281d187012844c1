"""Sample weights under which a few rows decide nearly everything."""

from __future__ import annotations

import numpy as np

from keras_recipe.core.result import Fix, Result, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.order import label_of_rows
from keras_recipe.fit_settings import FitSettings
from keras_recipe.task import Task

LEAST = 0.02  # share of the rows; at a share of 1/50 every standard error is 7 times as large
ENOUGH = 100  # effective rows of all the data that are no longer a few
FEWEST = 50  # rows below which a share says nothing


def _within_classes(weights: np.ndarray, sample: Batch) -> np.ndarray:
    """Return the weights relative to the mean of their class: those of classes are meant."""
    labels = label_of_rows(leaves(sample.y)[0])
    if labels is None:
        return weights
    _, classes = np.unique(labels, return_inverse=True)
    means = np.bincount(classes, weights) / np.bincount(classes)
    return weights / np.where(means > 0, means, 1.0)[classes]


def hangs_on_few_rows(sample: Batch, task: Task, fit: FitSettings) -> Result | None:
    """The rows that weigh must be more than a few, by Kish's effective sample size.

    It is `sum(w)**2 / sum(w**2)` (Kish 1965): equal weights on n rows and 0 elsewhere give n.
    Only a WARN: a few rows may be all that is known.
    """
    given = leaves(sample.sample_weight)
    if len(given) != 1 or given[0].size != len(sample) or len(sample) < FEWEST:
        return None
    weights = np.asarray(given[0], "float64").reshape(-1)
    if not np.isfinite(weights).all() or weights.min() < 0 or not weights.any():
        return None
    if [head.kind in ("binary", "multiclass") for head in task.heads] == [True]:
        weights = _within_classes(weights, sample)
    effective = float(weights.sum() ** 2 / np.square(weights).sum())
    share = effective / len(sample)
    rows = share * (fit.num_samples or len(sample))
    if share >= LEAST or rows >= ENOUGH:
        return None
    heavy = np.sort(weights)[::-1][: max(1, round(effective))].sum() / weights.sum()
    return warned(
        f"The sample weights make {fit.num_samples or len(sample)} rows count like {rows:.1f}: "
        f"the heaviest {round(effective) or 1} of {len(sample)} rows looked at hold "
        f"{heavy:.0%} of the weight.",
        measured=share,
        expected=1.0,
        unit="effective share of the rows",
        where="sample_weight",
        cause="Weights were not normalised, or are inverse probabilities near 0.",
        fix=Fix(
            text="Cap the weights, or take their square root.",
            code="w = np.minimum(w, 10 * np.median(w[w > 0]))",
        ),
    )
