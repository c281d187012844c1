"""Which single change of the held-out inputs makes them look like the training inputs?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
from scipy.optimize import linear_sum_assignment

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.features import encoded
from keras_recipe.data.tokens import is_tokens
from keras_recipe.data.unseen import Signal, signal_of, targets

COLUMNS = 512  # columns compared in the cheap look
SCALED = 3.0  # a scale that differs by less may be the sample's
ALIKE = 0.4  # skill at telling two samples apart that small samples reach by chance
TABLE = 256  # columns of a table whose order is looked at


@dataclass(frozen=True)
class Undone:
    """A change under which two splits can no longer be told apart.

    Attributes:
        text: What must have been done to one of them only, in words.
        code: The change of the held-out inputs, as a line of NumPy.
        before: How well the splits were told apart, 0 to 1.
        after: The same with the change.
        drift: Whether a course of the data over time could look the same.
        make: Makes it, on an array of held-out rows.
        place: Place of the input among the flattened ones.
    """

    text: str
    code: str
    before: float
    after: float
    drift: bool
    make: Callable[[np.ndarray], np.ndarray]
    place: int = 0


@dataclass(frozen=True)
class _Change:
    text: str
    code: str
    make: Callable[[np.ndarray], np.ndarray]
    drift: bool = True


def told_apart(x: Any, other: Any, seed: int) -> Signal:
    """Return how well a simple model says which of two samples a row comes from.

    Raises:
        NotApplicable: Their rows have different forms.
    """
    made = encoded(x, other, seed=seed)
    count = min(len(part) for part in made)
    random = np.random.default_rng(seed)
    rows = [part[np.sort(random.permutation(len(part))[:count])] for part in made]
    (side,) = targets([np.repeat([0, 1], count)], classes=True)
    return signal_of(np.concatenate(rows), side, seed)


def _flat(x: np.ndarray) -> np.ndarray:
    flat = x.reshape(len(x), -1)
    few = np.unique(np.linspace(0, flat.shape[1] - 1, COLUMNS).astype(int))
    return np.nan_to_num(np.asarray(flat[:, few], "float64"))


def _distance(x: np.ndarray, other: np.ndarray) -> float:
    """Return how far means and deviations of the columns are apart, in deviations."""
    a, b = _flat(x), _flat(other)
    spread = max(float(a.std()), 1e-12)
    floor = 1e-3 * spread
    scale = np.log((b.std(0) + floor) / (a.std(0) + floor))
    shift = np.abs(a.mean(0) - b.mean(0)) / (a.std(0) + 0.1 * spread)
    return float(np.minimum(shift, 10).mean() + np.abs(scale).mean())


def _moments(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return float(finite.mean()), max(float(finite.std()), 1e-30)


def _line(factor: float, shift: float) -> str:
    """Return a straight line as code, without terms that do nothing."""
    part = "x_val" if factor == 1 else f"{factor:.4g} * x_val"
    if 0 < factor < 1 and abs(1 / factor - round(1 / factor)) < 1e-6 / factor:
        part = f"x_val / {round(1 / factor)}"
    return part if shift == 0 else f"{part} {'+' if shift > 0 else '-'} {abs(shift):.4g}"


def _scales(x: np.ndarray, other: np.ndarray) -> Iterator[_Change]:
    (mean, std), (mean_o, std_o) = _moments(x), _moments(other)
    factor = std / std_o
    if not 1 / SCALED < factor < SCALED:
        said = f"divided by {1 / factor:.4g}" if factor < 1 else f"multiplied by {factor:.4g}"
        yield _Change(said, _line(factor, 0.0), lambda a: a * factor)
    low, high, low_o, high_o = x.min(), x.max(), other.min(), other.max()
    if high_o > low_o and high > low:
        rate = (high - low) / (high_o - low_o)
        if abs(low - low_o) + abs(high - high_o) > 0.1 * (high - low):
            yield _Change(
                f"put between {low:.4g} and {high:.4g}",
                _line(rate, low - rate * low_o),
                lambda a: (a - low_o) * rate + low,
            )
        yield _Change(
            "inverted (dark for bright)",
            _line(-rate, high + rate * low_o),
            lambda a: high - (a - low_o) * rate,
        )
    if abs(mean - mean_o) > std / 2 or not 1 / SCALED < factor < SCALED:
        shift = mean - factor * mean_o
        line = _line(factor, shift)
        yield _Change("put on another scale", line, lambda a: factor * a + shift)
    if other.min() >= 0 and other.max() > 10 * max(x.max(), 1):
        yield _Change("logarithm taken", "np.log1p(x_val)", np.log1p)
    if x.min() >= 0 and x.max() > 10 * max(other.max(), 1) and other.max() < 80:
        yield _Change("no logarithm taken", "np.expm1(x_val)", np.expm1)


def _still(text: str, code: str, make: Callable[[np.ndarray], np.ndarray]) -> _Change:
    """Return a change that no drift looks like: values stay, places move."""
    return _Change(text, code, make, drift=False)


def _pictures(x: np.ndarray) -> Iterator[_Change]:
    if x.ndim != 4:
        return
    if x.shape[-1] == 3:
        yield _still(
            "channels in another order (RGB and BGR)",
            "x_val[..., ::-1]",
            lambda a: a[..., ::-1],
        )
    if x.shape[1] == x.shape[2]:
        yield _still(
            "rows and columns swapped", "x_val.swapaxes(1, 2)", lambda a: a.swapaxes(1, 2)
        )
        for k in (1, 3):
            yield _still(
                f"turned by {90 * k} degrees",
                f"np.rot90(x_val, {k}, (1, 2))",
                partial(np.rot90, k=k, axes=(1, 2)),
            )
    yield _still("upside down", "x_val[:, ::-1]", lambda a: a[:, ::-1])
    yield _still("mirrored", "x_val[:, :, ::-1]", lambda a: a[:, :, ::-1])
    yield _still("turned by 180 degrees", "x_val[:, ::-1, ::-1]", lambda a: a[:, ::-1, ::-1])


def _columns(x: np.ndarray, other: np.ndarray) -> Iterator[_Change]:
    """Yield the order of the columns that fits, told by their means and deviations."""
    if x.ndim != 2 or not 2 <= x.shape[1] <= TABLE or is_tokens(x):
        return
    a, b = (np.nan_to_num(np.asarray(v, "float64")) for v in (x, other))
    spread = np.maximum(a.std(0), 1e-12)
    cost = np.abs(a.mean(0)[:, None] - b.mean(0)) / spread[:, None]
    cost = np.minimum(cost, 10) + np.abs(np.log(spread[:, None] / np.maximum(b.std(0), 1e-12)))
    place = linear_sum_assignment(cost)[1]
    if (place != np.arange(len(place))).any():
        yield _still(
            "columns in another order", f"x_val[:, {place.tolist()}]", lambda a: a[:, place]
        )


def _tokens(x: np.ndarray) -> Iterator[_Change]:
    if is_tokens(x):
        for step in (1, 2, 3, -1, -2, -3):
            yield _still(
                f"numbers of tokens moved by {step}",
                f"x_val + {step}",
                partial(np.add, step),
            )


def _is_standard(values: np.ndarray) -> bool:
    """Whether the columns that vary have mean 0 and deviation 1, to a sample's precision."""
    flat = _flat(values)
    std = flat.std(0)
    known = std > 1e-6
    if known.sum() < 1:
        return False
    near = 4 / np.sqrt(len(flat))
    good = (np.abs(flat.mean(0)) < near) & (np.abs(std - 1) < 2 * near)
    return bool(good[known].mean() > 0.8)


def _standard(x: np.ndarray, other: np.ndarray) -> Iterator[_Change]:
    """Yield the standardisation that one split had and the other lacks."""
    if _is_standard(x) == _is_standard(other) or _distance(x, other) < 1:
        return
    a, b = (np.nan_to_num(np.asarray(v, "float64")) for v in (x, other))
    scale = a.std(0) / np.maximum(b.std(0), 1e-12)
    mine = _is_standard(x)
    yield _Change(
        "standardised" if mine else "not standardised",
        "(x_val - x_mean) / x_std  # mean and deviation of the training rows",
        lambda v: (v - b.mean(0)) * scale + a.mean(0),
    )


def undoing(training: Batch, held: Batch, before: Signal, seed: int) -> Undone | None:
    """Return what was done to the training inputs and not to the held-out ones, or None.

    Changes are ranked by how near they bring means and deviations of the columns; the best is
    proved by a simple model that cannot tell the splits apart any longer. A standardisation is
    tried last, and only where one split has it.

    Args:
        training: Training rows.
        held: Held-out rows.
        before: How well they are told apart as they are.
        seed: Seed of the simple model.
    """
    mine, other = leaves(training.x), leaves(held.x)
    for index, (x, y) in enumerate(zip(mine, other, strict=True)):
        if x.dtype.kind not in "biuf" or x.shape[1:] != y.shape[1:]:
            continue
        x, y = (np.nan_to_num(np.asarray(v, "float64")) for v in (x, y))
        found = [*_tokens(x)] or [*_scales(x, y), *_pictures(x), *_columns(x, y)]
        far = _distance(x, y)
        ranked = sorted(found, key=lambda change: _distance(x, change.make(y)))
        for change in [*ranked[:3], *_standard(x, y)]:
            if _distance(x, change.make(y)) > 0.75 * far:
                continue
            after = _proved(training.x, held.x, index, change, seed)
            if after is not None and after.skill < min(before.skill / 2.5, ALIKE):
                known = max(after.skill, 0.0)
                return Undone(
                    *(change.text, change.code, before.skill, known, change.drift),
                    make=_in_numbers(change),
                    place=index,
                )
    return None


def _in_numbers(change: _Change) -> Callable[[np.ndarray], np.ndarray]:
    """Return the change as it is made on an array of any type."""
    return lambda a: np.asarray(change.make(np.asarray(a, "float64")), "float32")


def _proved(x: Any, other: Any, index: int, change: _Change, seed: int) -> Signal | None:
    flat = keras.tree.flatten(other)
    flat[index] = _in_numbers(change)(flat[index])
    try:
        return told_apart(x, keras.tree.pack_sequence_as(other, flat), seed)
    except NotApplicable:
        return None
