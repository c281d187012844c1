"""Rules about held-out rows that were cut off sorted ones."""

from __future__ import annotations

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.crossfit import CrossFit
from keras_recipe.data.order import COLUMNS, Order, sorted_by_chance
from keras_recipe.data.resplitting import shuffle_and_split

SHUFFLE = Fix(
    text="Shuffle inputs and labels with one permutation before anything is cut off.",
    code="order = np.random.permutation(len(x)); x, y = x[order], y[order]",
    data=shuffle_and_split,
)
_SURE, _STRENGTH = 5.0, 0.3  # deviations and share that prove a relation, as in KR118
_NOT_CUT = "a time series is rightly cut by time; a net that knows no time cannot go beyond it"
_CHANCE = 1e-4  # of mixed rows lying class by class, below which they were sorted: as KR113


def _shares(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    found, numbers = np.unique(labels[~np.isnan(labels)], return_counts=True)
    counts = np.zeros(len(classes))
    counts[np.searchsorted(classes, found)] = numbers
    return counts / max(counts.sum(), 1)


def cut_classes(mine: Order, held: np.ndarray, split: str, apart: float) -> Result | None:
    """Judge held-out classes against training rows that are stored class by class."""
    sizes = mine.sizes
    mixed = len(mine.labels or []) > len(sizes)  # more than one block a class
    if mixed or (len(sizes) > 1 and sorted_by_chance(sizes.values()) > _CHANCE):
        return None
    classes = np.union1d(list(sizes), held)
    trained = np.array([sizes.get(float(c), 0) for c in classes], "float64")
    mine_shares, held_shares = trained / trained.sum(), _shares(held, classes)
    gap = float(np.abs(mine_shares - held_shares).sum() / 2)
    new = float(held_shares[mine_shares < 0.1 * held_shares].sum())
    if gap < apart or (len(sizes) < 2 and not new):
        return None
    return failed(
        f"training rows are sorted by class, and {split} was cut off such rows: {new:.0%} of "
        f"its rows are of classes that training (almost) never has; the shares differ by "
        f"{gap:.0%}",
        measured=gap,
        expected=0.0,
        unit="share of rows",
        where=split,
        cause="The rows were stored class by class; Keras's validation_split takes the last.",
        fix=SHUFFLE,
        evidence={"classes": classes[:50].tolist(), "new": new},
    )


def _sorted_table(mine: Order, training: Batch, crossfit: CrossFit) -> bool:
    """Whether rows that a simple model learns from were put in the order of their targets."""
    small = [leaf.ndim == 2 and leaf.shape[1] <= COLUMNS for leaf in leaves(training.x)]
    if not all(small) or not mine.is_sorted_by_target:
        return False
    try:
        found = crossfit.answers()[0].signal
    except NotApplicable:
        return False
    return found.z >= _SURE and found.skill >= _STRENGTH


def cut_amounts(
    mine: Order, training: Batch, held: Batch, split: str, least: int, crossfit: CrossFit
) -> Result | None:
    """Judge held-out rows that lie beyond the end of sorted training rows."""
    pairs = [("targets", mine.y, training.y, held.y)]
    if mine.single and mine.x:
        pairs.append(("inputs", mine.x[0], training.x, held.x))
    for name, course, own, other in pairs:
        if course is None or not course.monotone or course.rows < least:
            continue
        inside, outside = leaves(own)[0].ravel(), leaves(other)[0].ravel()
        beyond = float(((outside < inside.min()) | (outside > inside.max())).mean())
        if len(np.unique(inside)) < least or beyond < 0.9:
            continue
        say = failed if mine.single or _sorted_table(mine, training, crossfit) else warned
        return say(
            f"the {name} are stored in order, and {beyond:.0%} of the {split} rows lie beyond "
            f"the {inside.min():.4g} to {inside.max():.4g} that training covers",
            measured=beyond,
            expected=0.0,
            unit="share of rows",
            where=split,
            cause=f"The last rows of sorted data were cut off ({_NOT_CUT}).",
            fix=SHUFFLE,
        )
    return None
