"""Whether the targets of a sequence are its own inputs, some steps later."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

LEAST_ENTRIES = 20  # targets other than the present input, to tell a shift by
LEAST_VALUES = 4  # distinct tokens: with fewer, a rule of the present input may look the same
SHARE = 0.95  # of those targets that must be the input some steps later
EXACT = 0.999  # of the targets that must be the present input: sticky sequences come near it
STEPS_BACK = 0.5  # longest shift, as a share of the steps
_DIGITS = 1e-3  # gap between numbers that count as the same, in deviations of the target


@dataclass(frozen=True)
class Shift:
    """Targets that are inputs of another step.

    Attributes:
        steps: `y[:, t]` is `x[:, t + steps]`; 0 when it is the present input.
        share: Share of the targets for which it holds.
        tokens: Whether they are class numbers.
    """

    steps: int
    share: float
    tokens: bool


def as_tokens(array: np.ndarray) -> np.ndarray | None:
    """Return class numbers `(rows, steps)` of whole numbers or one-hot vectors, else None."""
    array = np.asarray(array)
    if array.dtype.kind not in "biuf" or array.ndim not in (2, 3):
        return None
    if array.ndim == 3 and array.shape[-1] > 1:
        one_hot = np.isin(array, (0, 1)).all() and (array.sum(-1) <= 1).all()
        return np.where(array.any(-1), array.argmax(-1), -1) if one_hot else None
    flat = array.reshape(array.shape[:2])
    return flat.astype("int64") if np.array_equal(flat, np.rint(flat)) else None


def _same_token(ahead: np.ndarray, y: np.ndarray) -> tuple[float, int]:
    """Return the share of `y` that is `ahead` plus the same number everywhere, and it."""
    gap, count = Counter((y - ahead).ravel().tolist()).most_common(1)[0]
    return count / y.size, int(gap)


def _token_shift(x: np.ndarray, y: np.ndarray) -> Shift | None:
    steps = min(x.shape[1], y.shape[1])
    first, target = x[:, :steps], y[:, :steps]
    known = (target >= 0) & ((target != 0) | (first != 0))  # 0 beside 0 is padding
    if known.sum() < LEAST_ENTRIES:
        return None
    share, _ = _same_token(first[known], target[known])
    if share >= EXACT:
        several = len(np.unique(target[known])) >= LEAST_VALUES
        return Shift(0, share, tokens=True) if several else None
    for k in range(1, int(x.shape[1] * STEPS_BACK) + 1):
        length = min(steps, x.shape[1] - k)
        target, ahead, present = y[:, :length], x[:, k : k + length], x[:, :length]
        told = (target >= 0) & (ahead != present)
        there = (target != 0) | (ahead != 0) | (present != 0)
        if told.sum() < LEAST_ENTRIES or told.sum() < 0.1 * there.sum():
            continue
        share, gap = _same_token(ahead[told], target[told])
        if share < SHARE or abs(gap) > 1:
            continue
        if len(np.unique(target[told])) < LEAST_VALUES:
            continue
        return Shift(k, share, tokens=True)
    return None


def _same_number(ahead: np.ndarray, y: np.ndarray) -> bool:
    """Say whether `y` is `ahead`, or `ahead` on another scale."""
    if ahead.std() < 1e-12 or y.std() < 1e-12:
        return False
    slope, intercept = np.polyfit(ahead, y, 1)
    return bool(np.abs(slope * ahead + intercept - y).max() <= _DIGITS * y.std())


def _number_shift(x: np.ndarray, y: np.ndarray) -> Shift | None:
    x, y = (v.reshape(*v.shape[:2], -1).astype("float64") for v in (x, y))
    steps, channels = min(x.shape[1], y.shape[1]), range(x.shape[2])
    paired = x.shape[2] == y.shape[2]

    def matches(k: int, length: int) -> bool:
        def one(i: int, j: int) -> bool:
            ahead, back = max(k, 0), max(-k, 0)
            return _same_number(
                x[:, ahead : ahead + length, i].ravel(), y[:, back : back + length, j].ravel()
            )

        if paired:
            return all(one(j, j) for j in channels)
        return y.shape[2] == 1 and any(one(i, 0) for i in channels)

    shifts = range(1, int(x.shape[1] * STEPS_BACK) + 1)
    for k in (0, *(-k for k in shifts), *shifts):  # what the past tells too proves nothing
        length = min(steps, x.shape[1]) - abs(k) if k < 0 else min(steps, x.shape[1] - k)
        if length * len(x) >= LEAST_ENTRIES and matches(k, length):
            return Shift(k, 1.0, tokens=False) if k >= 0 else None
    return None


def shift_of(x: np.ndarray, y: np.ndarray) -> Shift | None:
    """Return by how many steps targets are inputs of later steps, if they are at all.

    Args:
        x: One input `(rows, steps, ...)`.
        y: One target `(rows, steps, ...)`: class numbers, one-hot vectors or numbers.

    Returns:
        None when the targets are not the inputs, or it cannot be told.
    """
    if np.ndim(x) not in (2, 3) or np.ndim(y) not in (2, 3) or min(x.shape[1], y.shape[1]) < 3:
        return None
    tokens = as_tokens(x), as_tokens(y)
    if tokens[0] is not None and tokens[1] is not None:
        return _token_shift(tokens[0], tokens[1])
    finite = all(v.dtype.kind in "biuf" and np.isfinite(v).all() for v in (x, y))
    wide = max(np.shape(v)[-1] if np.ndim(v) == 3 else 1 for v in (x, y)) > 64
    return None if not finite or wide else _number_shift(x, y)
