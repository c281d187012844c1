"""Columns whose numbers are names: which one it is tells the label, its neighbours nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import f as f_distribution
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import cross_val_predict

LEAST = 24  # different numbers; the order of fewer proves nothing
ROWS_EACH = 8  # rows a number has on average at least
MOST_COLUMNS = 256
SURE = 1e-6  # chance, over all columns, that a column's own means differ that much
CLEAR = 0.1  # share of the label that they must explain
ORDERED = 0.2  # share of that which neighbours, near or at one distance, may explain at most
ONE = 0.4  # share of what all names explain that one alone may: it may be a code among amounts
DEGREE = 4  # of the polynomial of the number that may not explain more, either
FOLDS = 5
PENALTIES = (1e-2, 1.0, 1e2)


@dataclass(frozen=True)
class Nominal:
    """A column of names.

    Attributes:
        column: Its place.
        count: Different numbers.
        own: Share of unseen labels that each number's own mean explains.
        order: The same by what stands at other numbers, the best way found.
        as_number: What a linear model of all columns explains of unseen labels.
        as_names: The same with a column for each name.
    """

    column: int
    count: int
    own: float
    order: float
    as_number: float
    as_names: float


def _counted(known: np.ndarray) -> bool:
    """Whether numbers stand at even steps, few left out: scaled or not, they were counted.

    Amounts that belong to some name (the height of a station) are met as often, and do not.
    """
    steps = np.diff(known) / np.diff(known).min()
    even = np.abs(steps - np.rint(steps)).max() < 0.01
    return bool(even and steps.sum() < 2 * len(known))


def _explained(y: np.ndarray, said: np.ndarray) -> float:
    total = np.square(y - y.mean(0)).sum()
    return float(1 - np.square(y - said).sum() / total) if total > 0 else 0.0


def _own(y: np.ndarray, names: np.ndarray, sums: np.ndarray, sizes: np.ndarray) -> float:
    """Return the share that the mean of the other rows of the same name explains."""
    said = (sums[names] - y + y.mean(0)) / sizes[names][:, None]
    return _explained(y, said)


def _by_order(y: np.ndarray, names: np.ndarray, means: np.ndarray, sizes: np.ndarray) -> float:
    """Return the share that numbers other than the row's own explain, on the best line.

    Means of the next ones on both sides, of those at one distance (a period), and a polynomial.
    """
    count, found = len(means), []
    places = np.arange(count)
    apart = np.abs(places[:, None] - places)
    near = [(apart > 0) & (apart <= width) for width in (1, 2, 4, 8)]
    periods = [apart == step for step in range(2, min(count - 2, 64))]
    for mask in (*near, *periods):
        weights = mask * sizes
        total = np.maximum(weights.sum(1, keepdims=True), 1e-12)
        found.append((weights @ means) / total)
    scaled = 2 * places / (count - 1) - 1
    design = np.polynomial.legendre.legvander(scaled, DEGREE)
    root = np.sqrt(sizes)[:, None]
    found.append(design @ np.linalg.lstsq(root * design, root * means, rcond=None)[0])
    shares = []
    for one in found:
        said = one[names] - one[names].mean(0)
        slope = (said * (y - y.mean(0))).sum(0) / np.maximum(np.square(said).sum(0), 1e-12)
        shares.append(_explained(y, np.maximum(slope, 0) * said + y.mean(0)))
    return max(shares)


def _chance(y: np.ndarray, means: np.ndarray, names: np.ndarray) -> float:
    """Return the probability of such differences between means, by the F test."""
    count, rows = len(means), len(y)
    inside = np.square(y - means[names]).sum(0) / (rows - count)
    between = np.square(means[names] - y.mean(0)).sum(0) / (count - 1)
    ratio = between / np.maximum(inside, 1e-12)
    return float(f_distribution.sf(ratio, count - 1, rows - count).min() * y.shape[1])


def _linear(x: np.ndarray, y: np.ndarray) -> float:
    wide = np.maximum(x.std(0), 1e-9)
    said = cross_val_predict(RidgeCV(PENALTIES), (x - x.mean(0)) / wide, y, cv=FOLDS)
    return _explained(y, said.reshape(y.shape))


def nominal(x: np.ndarray, y: np.ndarray, seed: int = 0) -> Nominal | None:
    """Return the column that is names and whose names tell the most, or None.

    Args:
        x: A table `(rows, columns)`.
        y: Labels as numbers, `(rows, outputs)`.
        seed: Decides the order of the rows in folds.
    """
    best: Nominal | None = None
    if x.shape[1] > MOST_COLUMNS or not np.isfinite(x).all():
        return None
    first = np.sort(np.unique(x, axis=0, return_index=True)[1])  # a row again proves nothing
    x, y = x[first], y[first]
    rows, columns = x.shape
    for column in range(columns):
        known, names = np.unique(x[:, column], return_inverse=True)
        if not LEAST <= len(known) <= rows / ROWS_EACH or not _counted(known):
            continue
        sizes = np.bincount(names).astype("float64")
        sums = np.stack([np.bincount(names, weights=one) for one in y.T], axis=1)
        means = sums / sizes[:, None]
        own = _own(y, names, sums, sizes)
        if own < max(CLEAR, best.own if best else 0.0):
            continue
        if _chance(y, means, names) > SURE / columns:
            continue
        each = sizes * np.square(means - y.mean(0)).sum(1)
        order = _by_order(y, names, means, sizes)
        if order <= ORDERED * own and each.max() <= ONE * each.sum():
            best = Nominal(column, len(known), own, order, 0.0, 0.0)
    return best and _compared(best, x, y, seed)


def _compared(found: Nominal, x: np.ndarray, y: np.ndarray, seed: int) -> Nominal | None:
    """Return the column with what linear models explain, where names explain clearly more."""
    places = np.random.default_rng(seed).permutation(len(x))
    x, y = x[places].astype("float64"), y[places]
    names = np.unique(x[:, found.column])
    named = np.concatenate([x, x[:, [found.column]] == names], axis=1)
    plain, other = _linear(x, y), _linear(named, y)
    if other < plain + CLEAR:
        return None
    return Nominal(found.column, found.count, found.own, found.order, plain, other)
