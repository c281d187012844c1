"""Do rows keep their label when they are augmented? A simple model of the plain rows tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from keras_recipe.data.features import encoded
from keras_recipe.data.unseen import Target, decided, learn, signal_of, targets

FEWEST = 20  # rows of a class, and of those that change sides: fewer tell nothing
LEAST = 0.2  # share of a class's augmented rows that must be taken for one other class
RARELY = 0.5  # of that share at most may be mistaken so without the augmentation
ALIKE = 3.0  # deviations under which rows are not told apart, exceeded by chance once in 700
SURE = 5.0  # deviations by which as many plain rows of the two classes must be told apart


@dataclass(frozen=True)
class Confusion:
    """A class whose augmented rows are those of another class.

    Attributes:
        own: Class number of the rows.
        other: Class number of what they look like.
        share: Share of the augmented rows that are taken for the other class.
        plain: The same of the rows as they are.
        apart: Deviations by which augmented rows and rows of the other class are told apart;
            more than 5 by rows that merely look strange (rotated, moved, noisy digits).
        before: The same of plain rows of the two classes.
        rows: Rows of each kind that this was tried on.
    """

    own: int
    other: int
    share: float
    plain: float
    apart: float
    before: float
    rows: int


def confusions(
    plain: np.ndarray, changed: np.ndarray, y: np.ndarray, seed: int, *, strength: float
) -> list[Confusion]:
    """Return the classes whose augmented rows can't be told from plain rows of another class.

    A simple model learns from the plain rows of one half and is asked about the other half, as
    they are and augmented. Where it takes many augmented rows of one class for another class,
    as it hardly does with plain ones, a second model is asked to tell those rows from true rows
    of that other class. What only looks strange is told apart; what can't be told apart, though
    plain rows of the two classes can, carries the label of one class and is the other.

    Args:
        plain: Inputs `(rows, ...)` without augmentation.
        changed: The same rows augmented.
        y: Class numbers `(rows,)`.
        seed: Decides the halves.
        strength: Share of the plain rows' labels that the simple model must explain.

    Returns:
        The confusions, the greatest first; empty too where nothing can be said.
    """
    features = encoded(plain, changed, seed=seed)
    (target,) = targets([y], classes=True)
    known = np.unique(y)
    told = _told(features, target, seed)
    right = np.mean([(told[0][target.given == k] == k).mean() for k in range(len(known))])
    if len(known) < 2 or right - 1 / len(known) < strength * (1 - 1 / len(known)):
        return []
    found = []
    for own, other, share, rate in _pairs(told, target.given, len(known)):
        moved = np.flatnonzero((target.given == own) & (told[1] == other))
        true = np.flatnonzero((target.given == other) & (told[0] == other))
        mine = np.flatnonzero((target.given == own) & (told[0] == own))
        count = min(len(moved), len(true), len(mine))
        if count < FEWEST:
            continue
        true_rows = _some(features[0], true, count, seed)
        apart = _apart(_some(features[1], moved, count, seed), true_rows, seed)
        if apart >= ALIKE:
            continue
        before = _apart(_some(features[0], mine, count, seed), true_rows, seed)
        if before >= SURE:
            names = int(known[own]), int(known[other])
            found.append(Confusion(*names, share, rate, apart, before, count))
    return sorted(found, key=lambda one: -one.share)


def _told(features: list[np.ndarray], target: Target, seed: int) -> list[np.ndarray]:
    """Return the class each plain and each augmented row is taken for by the other half."""
    rows = len(target.values)
    half = np.random.default_rng(seed).permutation(rows) < rows // 2
    told = [np.zeros(rows, int) for _ in features]
    for part in (half, ~half):
        y = target.take(np.flatnonzero(part))
        held = np.concatenate([x[~part] for x in features])
        said = decided(learn(features[0][part], y, held, seed).held, y.values.mean(0))
        for one, answers in zip(told, np.split(said, len(features)), strict=True):
            one[~part] = answers
    return told


def _pairs(
    told: list[np.ndarray], given: np.ndarray, classes: int
) -> Iterator[tuple[int, int, float, float]]:
    """Yield `(own, other, share, share without)` of classes that change sides."""
    for own in range(classes):
        mine = given == own
        counts = np.bincount(told[1][mine], minlength=classes)
        counts[own] = 0
        other = int(counts.argmax())
        if counts[other] < FEWEST:
            continue
        share = float(counts[other] / mine.sum())
        rate = float((told[0][mine] == other).mean())
        if share >= LEAST and rate <= RARELY * share:
            yield own, other, share, rate


def _some(x: np.ndarray, rows: np.ndarray, count: int, seed: int) -> np.ndarray:
    return np.asarray(x[np.sort(np.random.default_rng(seed).permutation(rows)[:count])])


def _apart(one: np.ndarray, other: np.ndarray, seed: int) -> float:
    """Return by how many deviations above chance two kinds of rows are told apart."""
    (side,) = targets([np.repeat([0, 1], len(one))], classes=True)
    return signal_of(np.concatenate([one, other]), side, seed).z
