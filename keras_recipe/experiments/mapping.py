"""Whether the labels of two splits mean the same, by what a simple model reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from keras_recipe.data.crossfit import Answer
from keras_recipe.data.unseen import decided

LEAST = 8  # held-out rows of a class below which nothing is said of it
FEW = 0.6  # share of a class's rows that must be read alike
SURELY = 0.9  # share of the recall in training at which classes are read as surely there


@dataclass(frozen=True)
class Mapping:
    """Labels of held-out rows that mean another class in training.

    Attributes:
        pairs: `(held-out label, training label that it means)`, those that differ.
        as_given: Share of the held-out rows of these labels read as the label they have.
        as_mapped: Share read as the label they seem to mean.
        in_training: The same share on training rows that were not learned from.
    """

    pairs: list[tuple[float, float]]
    as_given: float
    as_mapped: float
    in_training: float


def classes_of(y: np.ndarray) -> np.ndarray:
    """Return one class a row of numbers or of vectors over the classes."""
    flat = np.nan_to_num(np.asarray(y, "float64").reshape(len(y), -1))
    return flat[:, 0] if flat.shape[1] == 1 else flat.argmax(1).astype("float64")


def mapped(answer: Answer, mine: np.ndarray, other: np.ndarray, gain: float) -> Mapping | None:
    """Return the classes that have other numbers in the held-out rows, or None.

    Args:
        answer: A simple model of a target with exclusive classes.
        mine: Labels of the training rows, as they are.
        other: Those of the held-out rows.
        gain: Share of the held-out rows that must be read right under the other numbers and
            wrong under their own.
    """
    known, labels = np.unique(classes_of(mine)), classes_of(other)
    said = decided(answer.learned.held, answer.priors)
    own = decided(answer.learned.own, answer.priors)
    if answer.y.values.shape[1] != len(known):  # vectors: every unit is a class
        known = np.arange(answer.y.values.shape[1], dtype="float64")
    recall = {float(known[c]): float((own[answer.y.given == c] == c).mean())
              for c in np.unique(answer.y.given)}  # fmt: skip
    found, counts = np.unique(labels, return_counts=True)
    table = np.array(
        [[(said[labels == v] == c).sum() for c in range(len(known))] for v in found]
    )
    rows, columns = linear_sum_assignment(-table / counts[:, None])
    pairs, right, given, rows_of, trained = [], 0, 0, 0, []
    for row, column in zip(rows, columns, strict=True):
        label, meant = float(found[row]), float(known[column])
        share = table[row, column] / counts[row]
        if label == meant or counts[row] < LEAST or share < FEW or recall.get(meant, 0) < FEW:
            continue
        pairs.append((label, meant))
        right += int(table[row, column])
        given += int(table[row, known == label].sum())
        rows_of += int(counts[row])
        trained.append(recall[meant])
    if not pairs or (right - given) < gain * len(labels):
        return None
    made = Mapping(pairs, given / rows_of, right / rows_of, float(np.mean(trained)))
    moved = _circular(pairs, known) or _closed_up(made, found, known)
    return made if moved else None


def _circular(pairs: list[tuple[float, float]], known: np.ndarray) -> bool:
    """Whether labels that moved took each other's places, or come from outside of training.

    A class that is merely read as another one leaves its own place empty.
    """
    given, meant = {a for a, _ in pairs}, {b for _, b in pairs}
    new = given - set(known.tolist())
    return bool(new) or len(given & meant) >= 2


def _closed_up(made: Mapping, found: np.ndarray, known: np.ndarray) -> bool:
    """Whether the held-out rows lack a class and their labels were counted anew without it.

    The last numbers of training are then missing, at least two labels moved up, all up to the
    last of them and in order, and they are read as surely as training rows. Inputs that drift
    by a grade leave the last grade in its place.
    """
    first = len(found) < len(known) and np.array_equal(found, known[: len(found)])
    given, meant = zip(*made.pairs, strict=True)
    moved = len(given) > 1 and given == tuple(found[-len(given) :].tolist())
    up = all(a < b for a, b in made.pairs) and list(meant) == sorted(meant)
    return bool(first and moved and up and made.as_mapped >= SURELY * made.in_training)


@dataclass(frozen=True)
class Scale:
    """How held-out targets follow from predictions learned on training rows.

    Attributes:
        correlation: Between predictions and held-out targets.
        z: The same in standard errors.
        factor: Deviation of the held-out targets over that of the training targets.
        shift: Distance of the means in deviations of the training targets.
    """

    correlation: float
    z: float
    factor: float
    shift: float


def scale_of(answer: Answer) -> Scale | None:
    """Return how held-out amounts relate to training amounts; None without a single one."""
    held = answer.held_y.values
    if answer.question.classes or held.shape[1] != 1 or len(held) < LEAST:
        return None
    said: Any = answer.learned.held[:, 0]
    if said.std() == 0 or held.std() == 0:
        return None
    mine = answer.y.values[:, 0]
    correlation = float(np.corrcoef(said, held[:, 0])[0, 1])
    return Scale(
        correlation=correlation,
        z=correlation * float(np.sqrt(len(held))),
        factor=float(held.std() / max(mine.std(), 1e-12)),
        shift=float(abs(held.mean() - mine.mean()) / max(mine.std(), 1e-12)),
    )
