"""Whether a loss in percent is asked about amounts that have a percentage."""

from __future__ import annotations

import numpy as np

from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.result import Fix, Result, failed

LEAST = 1e-7  # what Keras divides by at least
TENTH = 0.1  # share of the rows, those with the smallest targets
#: Share of the weight on that tenth. Normal, uniform and Laplace targets around 0 put 0.5 to
#: 0.8 on it; targets of both signs that keep away from 0 put 0.1 to 0.2 on it.
MOST = 0.3
FEWEST = 20  # rows that a tenth is taken of


def percent_of_nearly_nothing(scored: ScoredHead) -> Result | None:
    """A percentage needs amounts of one sign: around 0 the smallest ones outweigh all others.

    The loss weighs each row by the inverse of its target (Hyndman & Koehler, 2006, "Another
    look at measures of forecast accuracy", section 2.2: undefined or extremely skewed where
    amounts come near 0, and meant for scales with a zero that means nothing is there).
    """
    rows = scored.counted[np.isfinite(scored.counted)]
    if scored.head.loss.name != "mean_absolute_percentage_error" or rows.size < FEWEST:
        return None
    if not rows.min() < 0 < rows.max():
        return None
    weights = np.sort(1 / np.maximum(np.abs(rows), LEAST))[::-1]
    share = float(weights[: round(TENTH * rows.size)].sum() / weights.sum())
    if share < MOST:
        return None
    return failed(
        f"The targets pass through 0 (from {rows.min():.4g} to {rows.max():.4g}): the tenth of "
        f"them nearest to 0 carries {share:.0%} of {scored.head.loss.name}.",
        measured=share,
        expected=TENTH,
        unit="share of the loss",
        where=scored.head.name,
        cause="An error in percent is divided by the target: saying 0 everywhere costs 100 %, "
        "and hardly anything costs less.",
        fix=Fix(text="Use an error in the unit of the targets.", code="loss='mae'"),
    )
