"""Whether the rows of a split come again and again in the same order."""

from __future__ import annotations

import numpy as np

from keras_recipe.data.contents import Contents

_TRIED = 100  # places at which the first row comes again


def period(rows: Contents) -> int:
    """Return after how many rows all of them come again, in the same order.

    Args:
        rows: The hashes of a split's rows.

    Returns:
        The smallest such number; 0 where there is none, fewer than two rounds of it, or where
        there were too many rows to keep all their hashes.
    """
    x, _, place = rows.columns
    if rows.limit is not None:
        return 0
    x = x[np.argsort(place)]
    again = np.flatnonzero(x[1 : len(x) // 2 + 1] == x[:1]) + 1
    return next((int(d) for d in again[:_TRIED] if np.array_equal(x[d:], x[:-d])), 0)
