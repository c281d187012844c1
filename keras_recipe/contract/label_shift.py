"""Whether the labels of two splits are spread alike: as they are, or as they are weighted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import chi2_contingency, ks_2samp

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.counted import weights_of
from keras_recipe.data.crossfit import Answer
from keras_recipe.experiments.mapping import classes_of


def label_shift(answer: Answer, effect: float, level: float) -> str:
    """Return how the labels of validation differ from those of training, or ''.

    A split drawn with other shares and weighted back stands for the same rows as one that was
    not, and class weights train for other shares than the rows have. So the labels differ only
    where they do whichever way each split is read: every row once, or by its weight.

    Args:
        answer: A target of both splits.
        effect: Difference of the shares, or of the distributions, from which on they differ.
        level: Largest probability of such a difference among rows drawn alike.
    """
    held = answer.held_rows
    if held is None:
        return ""
    place = answer.question.place
    found = [
        _difference(answer, mine, other, effect, level)
        for mine in _readings(answer.rows, place, answer.seed)
        for other in _readings(held, place, answer.seed)
    ]
    return found[0] if all(found) else ""


def _readings(rows: Batch, place: int, seed: int) -> Iterator[np.ndarray]:
    """Yield the places of all rows, then of rows drawn by their weights where these differ."""
    yield np.arange(len(rows))
    weights = weights_of(rows, place)
    if weights is not None and np.ptp(weights) > 0:
        chance = np.random.default_rng(seed).random(len(weights))
        yield np.flatnonzero(chance < weights / weights.max())


def _difference(
    answer: Answer, mine: np.ndarray, other: np.ndarray, effect: float, level: float
) -> str:
    if not (len(mine) and len(other)):
        return ""
    if not answer.question.classes:
        test = ks_2samp(answer.y.given[mine], answer.held_y.given[other])
        said = (
            f"distributions of the target differ by {test.statistic:.0%} (Kolmogorov-Smirnov)"
        )
        return said if test.statistic > effect and test.pvalue < level else ""
    place, held = answer.question.place, answer.held_rows or answer.rows
    a = classes_of(leaves(answer.rows.y)[place][mine])
    b = classes_of(leaves(held.y)[place][other])
    known = np.union1d(a, b)
    table = np.array([[(part == c).sum() for c in known] for part in (a, b)])
    shares = table / table.sum(1, keepdims=True)
    gap = float(np.abs(shares[0] - shares[1]).sum() / 2)
    p = float(chi2_contingency(table).pvalue) if len(known) > 1 else 1.0
    return f"shares of classes differ by {gap:.0%}" if gap > effect and p < level else ""
