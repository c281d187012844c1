"""Whether the columns of some rows are those of a table: different things, in any order."""

from __future__ import annotations

import numpy as np
from scipy import stats

LEAST = 8  # columns, fewer have too few orders to tell one from another (8! is 40,320)
MOST = 64  # columns looked at, evenly spread pairs of neighbours
ORDERS = 199  # random orders the given one is compared with: chance reaches 1 in 200
SURE = 0.001  # p-value under which two columns are not spread alike


def is_table(values: np.ndarray) -> bool | None:
    """Return whether columns have no order and are spread differently; None if not known.

    In a signal neighbours resemble each other more than columns that are drawn at random, or
    all columns are spread alike (tokens, white noise). A table has neither.

    Args:
        values: Rows of numbers `(rows, columns)`.
    """
    finite = np.asarray(values, "float64")
    finite = finite[np.isfinite(finite).all(1)]
    finite = finite[:, finite.std(0) > 0] if len(finite) else finite
    if len(finite) < 32 or finite.shape[1] < LEAST:
        return None
    return not _in_order(finite) and _unlike(finite)


def _in_order(values: np.ndarray) -> bool:
    """Whether neighbours correlate more than in the 1 % best of random orders."""
    strength = np.abs(np.corrcoef(values, rowvar=False))
    random, places = np.random.default_rng(0), np.arange(len(strength))
    given = strength[places[:-1], places[1:]].mean()
    shuffled = [
        strength[order[:-1], order[1:]].mean()
        for order in (random.permutation(len(strength)) for _ in range(ORDERS))
    ]
    return bool(given > np.quantile(shuffled, 0.99))


def _unlike(values: np.ndarray) -> bool:
    """Whether most neighbouring columns are spread differently (Kolmogorov and Smirnov)."""
    chosen = np.unique(np.linspace(0, values.shape[1] - 2, MOST).astype(int))
    found = [stats.ks_2samp(values[:, i], values[:, i + 1]).pvalue < SURE for i in chosen]
    return bool(np.mean(found) > 0.5)
