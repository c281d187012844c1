"""Rows that cannot be told apart, and columns that say nothing or say it twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_recipe.data.leaf import Leaf

MOST_CLASSES = 50  # distinct whole numbers that are taken for class numbers
RICH = 10  # a column with more distinct values is no bit, one-hot or level of something


def groups_of_rows(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Return a number for each row, equal for rows that are equal to the last bit.

    Args:
        arrays: Arrays `(rows, ...)` that make up the rows together.

    Returns:
        Integers `(rows,)`; 0 is the most frequent row.
    """
    numbers: dict[bytes, int] = {}
    flat = [np.ascontiguousarray(array) for array in arrays]
    groups = np.array(
        [
            numbers.setdefault(b"|".join(array[row].tobytes() for array in flat), len(numbers))
            for row in range(len(flat[0]))
        ]
    )
    order = np.argsort(-np.bincount(groups), kind="stable")
    return np.argsort(order)[groups]


def label_spread(targets: Sequence[np.ndarray], chosen: np.ndarray) -> float:
    """Return the label variance among the chosen rows over that among all rows.

    1 says that belonging to the chosen rows has nothing to do with the label, 0 that it
    decides it. Class numbers count as one-hot; of several targets the least spread counts.
    """
    shares = []
    for y in targets:
        flat = np.nan_to_num(np.asarray(y, "float64").reshape(len(y), -1))
        values, classes = np.unique(flat, return_inverse=True)
        if (
            flat.shape[1] == 1
            and len(values) <= MOST_CLASSES
            and (values == values.round()).all()
        ):
            flat = np.eye(len(values))[classes.ravel()]
        whole = flat.var(0).sum()
        shares.append(float(flat[chosen].var(0).sum() / whole) if whole > 0 else 0.0)
    return min(shares, default=0.0)


def _is_table(leaf: Leaf) -> bool:
    return leaf.rank == 1 and not leaf.folded and leaf.dtype.kind == "f" and leaf.shape[0] > 1


def constant_columns(leaf: Leaf) -> list[int]:
    """Return the columns of a table that never change, those with a natural reason left out.

    Columns at 0, 1 or an end of the data's range are blank pixels, unused words or a bias.
    """
    if not _is_table(leaf):
        return []
    natural = np.isin(leaf.low, [*leaf.overall[2:], 0.0, 1.0])
    return [int(i) for i in np.flatnonzero(leaf.constant & ~natural)]


def copied_columns(leaf: Leaf, rows: np.ndarray) -> list[tuple[int, int]]:
    """Return pairs `(column, its copy)` that are equal in every row of a table.

    Nothing is returned where copies are the rule (more than a tenth of the columns), nor for
    columns of few values, which are often equal by chance.

    Args:
        leaf: Statistics over all rows.
        rows: Some of the rows, `(rows, columns)`; copies must be equal there bit for bit.
    """
    if not _is_table(leaf) or leaf.signature is None:
        return []
    first: dict[tuple[float, ...], int] = {}
    pairs = []
    for column in np.flatnonzero(~leaf.constant):
        low, high = float(leaf.low[column]), float(leaf.high[column])
        size = max(abs(low), abs(high)) * leaf.rows  # sums of equal columns differ by rounding
        sums = (leaf.total[column] / size, leaf.signature[column] / size)
        twin = first.setdefault((low, high, *(round(float(s), 9) for s in sums)), int(column))
        same = twin != column and np.array_equal(rows[:, twin], rows[:, column], equal_nan=True)
        if same and len(np.unique(rows[:, column])) > RICH:
            pairs.append((twin, int(column)))
    return pairs if len(pairs) <= max(leaf.shape[0] // 10, 1) else []
