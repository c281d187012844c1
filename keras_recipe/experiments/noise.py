"""What is beyond chance between trainings that differ in one change, seed by seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95  # Student's usual interval: a change that does nothing is kept 1 time in 40
HOPELESS = 0.99  # a change that helps is given up after its first seed at most 1 time in 100
ROUNDING = float(np.sqrt(np.finfo("float32").eps))  # half of the digits a float32 loss holds


@dataclass(frozen=True, kw_only=True)
class Gain:
    """How much less loss a change leaves.

    Attributes:
        mean: Share of the loss that is gone (0.25: a quarter less); in units of the loss
            where that is not positive. Negative: the change harms.
        low: Lower end of the interval that holds the true gain with `CONFIDENCE`.
        high: Upper end.
        unit: `"share of the loss"` or `"loss"`; of another objective its name likewise.
        agree: Whether every seed says the same sign.
    """

    mean: float
    low: float
    high: float
    unit: str
    agree: bool

    @property
    def beyond(self) -> bool:
        """Whether it helps beyond noise: the whole interval is above 0 and the seeds agree."""
        return self.low > 0 and self.agree


def _scaled(scores: Sequence[float], *, shares: bool) -> np.ndarray:
    values = np.asarray(scores, "float64")
    return np.log(values) if shares else values


def paired_gain(
    before: Sequence[float],
    after: Sequence[float],
    *,
    of: str = "loss",
    direction: str = "min",
) -> Gain:
    """Return the gain of a change over the same seeds, with its Student interval.

    Seeds are paired, because the initial weights and the order of the rows move both scores
    alike. Losses are compared as ratios (the mean of their logarithms): at a tenth of the loss
    the noise is a tenth too. With few seeds Student's interval is the honest one: at three it
    is 4.3 standard errors wide on each side. It alone implies that all seeds agree up to four
    seeds; beyond, one seed for which the change harms would be outvoted, so agreement is
    demanded as well. Differences that are within the rounding of float32 for every seed are
    none: they would be beyond the noise of trainings that are otherwise the same bit for bit.

    Args:
        before: Losses without the change, one a seed; at least two, finite.
        after: Losses with it, in the same order.
        of: What is compared, where it is not the loss.
        direction: `"min"`, or `"max"` where more is better: such values (an accuracy, say) are
            compared by their difference, for they end at 1 and not at 0.

    Returns:
        The gain; an interval of no width where all differences are equal.
    """
    shares = direction == "min" and min(*before, *after) > 0
    old, new = _scaled(before, shares=shares), _scaled(after, shares=shares)
    differences = old - new if direction == "min" else new - old
    rounding = ROUNDING if shares else ROUNDING * np.maximum(np.abs(old), np.abs(new))
    if (np.abs(differences) <= rounding).all():
        differences = np.zeros(len(differences))
    mean = float(differences.mean())
    width = float(
        stats.t.ppf((1 + CONFIDENCE) / 2, len(differences) - 1) * stats.sem(differences)
    )
    ends = [mean, mean - width, mean + width]
    if shares:
        ends = [-math.expm1(-end) for end in ends]
    signs = np.sign(differences)
    return Gain(
        mean=ends[0],
        low=ends[1],
        high=ends[2],
        unit=f"share of the {of}" if shares else of,
        agree=bool((signs == signs[0]).all()),
    )


def is_hopeless(best: Sequence[float], before: Sequence[float], after: Sequence[float]) -> bool:
    """Say whether the first seeds of a change are so much worse that the others need not run.

    A change that does nothing leaves differences with twice the variance that the best has
    between its seeds (less, if pairing helps). Theirs has to be worse than that allows, by
    Student's t for as many seeds as the best has, at `HOPELESS`.

    Args:
        best: Losses of the best so far, one a seed, finite.
        before: Those of the seeds that the change was tried with.
        after: Losses with the change.

    Returns:
        False where the best has fewer than two seeds, or equal losses: no noise is known.
    """
    if len(best) < 2 or not before:
        return False
    shares = min(*best, *before, *after) > 0
    spread = float(_scaled(best, shares=shares).std(ddof=1))
    worse = float((_scaled(after, shares=shares) - _scaled(before, shares=shares)).mean())
    limit = stats.t.ppf(HOPELESS, len(best) - 1) * spread * math.sqrt(2 / len(before))
    return spread > 0 and worse > max(limit, ROUNDING)
