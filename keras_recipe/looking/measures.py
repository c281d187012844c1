"""Numbers of each row by which rows are sorted and chosen, without any model."""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np

from keras_recipe.looking.kinds import Drawn

NEAR, FAR = 1.5, 3.0  # times the distance of the quartiles
PIECE = 2**17  # numbers worked on at a time: 1 MiB as float64, as in `data.statistics`
LEAST_VALUES = 11  # different values of a feature that is measured rather than counted


def fences(values: np.ndarray, times: float = NEAR) -> tuple[float, float] | None:
    """Return the limits beyond which a value stands outside; None where none can be told.

    Tukey 1977, "Exploratory Data Analysis", 2C-2D: 1.5 times the distance of the quartiles
    beyond them a value is outside, 3 times it is far out. Of a normal distribution 0.7 % and
    2 in a million. None for codes (10 different values or fewer) and where the quartiles are
    equal: half of the values are one value, and there is no scale.

    Args:
        values: Numbers of any shape; what is not finite is left out.
        times: Distances of the quartiles from them.
    """
    known = values[np.isfinite(values)]
    if len(np.unique(known)) < LEAST_VALUES:
        return None
    low, high = np.percentile(known.astype("float64"), (25, 75))
    if not high > low:
        return None
    return float(low - times * (high - low)), float(high + times * (high - low))


def beyond(values: np.ndarray, limits: tuple[float, float] | None) -> np.ndarray:
    """Return which values lie outside of `limits`; none where there are no limits."""
    if limits is None:
        return np.zeros(values.shape, bool)
    return (values < limits[0]) | (values > limits[1])  # NaN is neither


def measures(
    drawn: Drawn, texts: Sequence[str] | None = None, codes: Container[int] = ()
) -> dict[str, np.ndarray]:
    """Return what can be said of each row of the input that is drawn, arrays `(rows,)`.

    All but text: `size`, how many numbers a row has that are finite and, of a padded series or
    of tokens, come before zeros alone; `gaps`, how many are not finite. Text: `size`, its
    characters. Tokens: `distinct`. Pictures, series and rows of a table: `mean`, `std`, `min`
    and `max` of the finite numbers. Tables: `outliers`, features outside of Tukey's fences.

    Args:
        drawn: The input.
        texts: The text of each row, where rows are text.
        codes: Columns of a table whose numbers stand for words.
    """
    if drawn.kind == "text":
        return {"size": np.array([len(text) for text in texts or ()], "int64")}
    values = drawn.values
    step = max(1, PIECE * len(values) // max(values.size, 1))
    several = [
        _tokens(values[start : start + step])
        if drawn.kind == "tokens"
        else _numbers(values[start : start + step], drawn.kind)
        for start in range(0, max(len(values), 1), step)
    ]
    found = {name: np.concatenate([piece[name] for piece in several]) for name in several[0]}
    if drawn.kind == "row":
        found["outliers"] = np.zeros(len(values), "int64")
        for place, column in enumerate(values.reshape(len(values), -1).T):
            numbers = column.astype("float64")
            limits = None if place in codes else fences(numbers)
            found["outliers"] += beyond(numbers, limits)
    return found


def _tokens(values: np.ndarray) -> dict[str, np.ndarray]:
    lengths = _length(values != 0)
    kept = [row[:length] for row, length in zip(values, lengths, strict=True)]
    distinct = np.array([len(np.unique(row)) for row in kept], "int64")
    return {"size": lengths, "distinct": distinct}


def _numbers(values: np.ndarray, kind: str) -> dict[str, np.ndarray]:
    """Return what can be said of some rows of numbers, in about 30 bytes a number."""
    flat = values.reshape(len(values), -1).astype("float64")
    finite = np.isfinite(flat)
    count = finite.sum(1)
    size = count
    if kind == "series":
        size = _length((values != 0).any(-1)) if values.ndim == 3 else count
    zeroed, some = np.where(finite, flat, 0.0), np.maximum(count, 1)
    mean = zeroed.sum(1) / some
    spread = np.where(finite, flat - mean[:, None], 0.0)
    found = {
        "size": size,
        "gaps": flat.shape[1] - count,
        "mean": mean,
        "std": np.sqrt(np.square(spread).sum(1) / some),
        "min": np.where(finite, flat, np.inf).min(1, initial=np.inf),
        "max": np.where(finite, flat, -np.inf).max(1, initial=-np.inf),
    }
    for name in ("mean", "std", "min", "max"):
        found[name] = np.where(count > 0, found[name], np.nan)
    return found


def _length(there: np.ndarray) -> np.ndarray:
    """Return how many steps come before the last one that is there, itself counted."""
    last = there.shape[1] - there[:, ::-1].argmax(1)
    return np.where(there.any(1), last, 0)
