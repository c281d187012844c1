"""Guesses at the best constant prediction: the closed forms of common losses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_recipe.surgery.targets import Targets, prediction_size, trailing

#: Numbers held in memory for the statistics of vectors; beyond it, a seeded part of the rows.
_STATISTICS = 20_000_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A guess at the best values before the activation, in closed form.

    Attributes:
        values: Shape `(size,)`.
        scale: How far a value may sensibly be moved, shape `(size,)`.
        free: False where a class never occurs: its value is a floor, not an optimum.
    """

    name: str
    values: np.ndarray
    scale: np.ndarray
    free: np.ndarray


@dataclass(frozen=True, slots=True)
class _Moments:
    mean: np.ndarray
    spread: np.ndarray
    median: np.ndarray | None
    count: int


def _moments(targets: Targets, size: int) -> _Moments:
    """Return weighted mean, standard deviation and median of each bias value's labels."""
    if targets.sparse and size == targets.units:
        return _class_moments(targets)
    rows = max(1, _STATISTICS // prediction_size(targets))
    if len(targets) > rows:
        chosen = np.random.default_rng(0).permutation(len(targets))[:rows]
        targets = targets.take(np.sort(chosen))
    y, weight = targets.columns(size)
    total = weight.sum(0)
    total = np.where(total > 0, total, 1.0)
    mean = (y * weight).sum(0) / total
    spread = np.sqrt((weight * (y - mean) ** 2).sum(0) / total)
    median = None if targets.sparse else _median(y, weight)
    return _Moments(mean, spread, median, len(y))


def _class_moments(targets: Targets) -> _Moments:
    """Return the class shares from one count, however many labels there are."""
    numbers = targets.y.reshape(len(targets.y), *targets.positions)
    weight = targets.weight if targets.weight is not None else np.ones(len(numbers))
    weight = np.broadcast_to(trailing(weight, numbers.ndim), numbers.shape).ravel()
    numbers = numbers.ravel()
    if targets.ignored is not None:
        weight, numbers = (a[numbers != targets.ignored] for a in (weight, numbers))
    counts = np.bincount(numbers.astype("int64"), weights=weight, minlength=targets.units)
    share = counts / (counts.sum() or 1.0)
    return _Moments(share, np.sqrt(share * (1 - share)), None, len(numbers))


def candidates(targets: Targets, size: int) -> list[Candidate]:
    """Return the closed forms of common losses: one of them is nearly always the best.

    Log priors and logits (cross-entropies), mean (squared error), weighted median (absolute
    error), `ln(mean)` and `ln(expm1(mean))` (Poisson under exp and softplus), zero. A class
    that never occurs counts as half a label, so that its logarithm stays finite.
    """
    known = _moments(targets, size)
    mean, floor = known.mean, 0.5 / known.count
    scale = np.maximum(known.spread, 1e-2 * np.maximum(1.0, np.abs(mean)))
    one, always = np.ones(size), np.full(size, fill_value=True)
    found = []
    if (mean >= 0).all():
        low = np.maximum(mean, floor)
        found.append(Candidate("log", np.log(low), one, mean > floor))
        if (mean <= 1).all():
            inner = np.clip(mean, floor, 1 - floor)
            free = (mean > floor) & (mean < 1 - floor)
            found.append(Candidate("logit", np.log(inner) - np.log1p(-inner), one, free))
        inverse = low + np.log(-np.expm1(-low))
        found.append(Candidate("softplus", inverse, one, mean > floor))
    found.append(Candidate("mean", mean, scale, always))
    if known.median is not None:
        found.append(Candidate("median", known.median, scale, always))
    if (np.abs(mean) <= 1).all():
        inner = np.clip(mean, floor - 1, 1 - floor)
        found.append(Candidate("arctanh", np.arctanh(inner), one, np.abs(mean) < 1 - floor))
    found.append(Candidate("zero", np.zeros(size), scale, always))
    return found


def _median(y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the weighted median of each column."""
    order = np.argsort(y, axis=0)
    ordered = np.take_along_axis(y, order, axis=0)
    share = np.cumsum(np.take_along_axis(weight, order, axis=0), axis=0)
    first = (share >= share[-1] / 2).argmax(axis=0)
    return np.take_along_axis(ordered, first[None], axis=0)[0]
