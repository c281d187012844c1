"""Another order of the labels under which they fit the inputs: proof that they slipped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.neighbors import NearestNeighbors

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.crossfit import CrossFit, Question
from keras_recipe.data.features import encoded
from keras_recipe.data.unseen import Signal, Target, signal_of, targets

NEIGHBOURS = 10
FARTHEST = 16  # rows that labels are moved by
SHUFFLES = 30


@dataclass(frozen=True)
class Slip:
    """An order of the labels that fits the inputs.

    Attributes:
        text: What was done to the labels, in words.
        code: The same as a line of NumPy.
        signal: How well the labels follow from the inputs then.
        turn: Puts all rows of labels, or of inputs, in that order.
        of_inputs: Whether it is the inputs that are read in another way.
    """

    text: str
    code: str
    signal: Signal
    turn: Callable[[np.ndarray], np.ndarray]
    of_inputs: bool = False


def _neighbours(x: np.ndarray) -> np.ndarray:
    x = x.astype("float64")  # squares of large numbers do not fit single precision
    scaled = (x - x.mean(0)) / np.maximum(x.std(0), 1e-12)
    count = min(NEIGHBOURS, len(x) - 1)
    return NearestNeighbors(n_neighbors=count).fit(scaled).kneighbors(return_distance=False)


def _standard(y: Target) -> np.ndarray:
    scale = np.sqrt(np.maximum(y.values.mean(0), 1e-3)) if y.classes else 1.0
    return np.asarray((y.values - y.values.mean(0)) / scale)


def _agreement(values: np.ndarray, neighbours: np.ndarray) -> float:
    """Return how alike the labels of neighbours are; about 0 for labels that mean nothing."""
    return float((values * values[neighbours].mean(1)).sum(1).mean())


def _orders() -> list[tuple[str, str, Callable[[np.ndarray], np.ndarray]]]:
    """Return ways to put labels in another order: in words, as code, and what does it."""
    moves = [step for k in range(1, FARTHEST + 1) for step in (k, -k)]
    moved = [
        (
            f"moved by {abs(step)} row{'s' * (abs(step) > 1)}",
            f"y = np.roll(y, {step}, axis=0)",
            partial(np.roll, shift=step, axis=0),
        )
        for step in moves
    ]
    return [*moved, ("in reverse order", "y = y[::-1]", np.flipud)]


def overlapping(x: np.ndarray) -> bool:
    """Whether rows are windows over one series, each a step after the one before."""
    flat = x.reshape(len(x), -1)
    step = x.shape[-1] if x.ndim == 3 else 1
    if flat.shape[1] <= step or len(flat) < 3:
        return False
    pairs = ((flat[1:, :-step], flat[:-1, step:]), (flat[1:, step:], flat[:-1, :-step]))
    return any(bool((one == two).mean() > 0.5) for one, two in pairs) and flat.std() > 0


def slip(fit: CrossFit, question: Question, *, sure: float, strength: float) -> Slip | None:
    """Return the order of the labels that fits the inputs, or None if none was found.

    Labels moved by up to 16 rows and labels in reverse order are tried: first by how alike the
    labels of near neighbours are, then with a simple model. Not tried on windows over a
    series, where the labels of other rows may be part of the input.

    Args:
        fit: Has the first rows in the order in which they are stored.
        question: Which target.
        sure: Least distance from shuffled labels, in standard deviations.
        strength: Least share explained.
    """
    if fit.opening is None or len(fit.opening) < 3 * FARTHEST:
        return None
    if any(overlapping(leaf) for leaf in leaves(fit.opening.x)):
        return None
    (x,) = encoded(fit.opening.x, seed=fit.seed)
    (y,) = targets([leaves(fit.opening.y)[question.place]], classes=question.classes)
    near, values = _neighbours(x), _standard(y)
    random = np.random.default_rng(fit.seed)
    chance = [_agreement(random.permutation(values), near) for _ in range(SHUFFLES)]
    tried = [
        (_agreement(turn(values), near), text, code, turn) for text, code, turn in _orders()
    ]
    best, text, code, turn = max(tried, key=lambda one: one[0])
    if best < np.mean(chance) + sure * np.std(chance):
        return None
    found = signal_of(x, y.take(turn(np.arange(len(x)))), fit.seed)
    if found.z < sure or found.skill < strength:
        return None
    return Slip(text, code, found, turn)


def rows_last(
    fit: CrossFit, whole: Batch | None, question: Question, *, sure: float, strength: float
) -> Slip | None:
    """Return the reading of the inputs that fits the labels if they were stored with rows last.

    `x.reshape(rows, ...)` of an array `(..., rows)` keeps every number and mixes all rows: what
    is called a row is then a run of one feature of many rows. Read with the rows last again,
    simple models explain the labels.

    Args:
        fit: Has the seed, and the rows to be tried.
        whole: All training rows; None where only a part is known, which can't be put back.
        question: Which target.
        sure: Least distance from shuffled labels, in standard deviations.
        strength: Least share explained.
    """
    if whole is None or fit.opening is None or not leaves(whole.x):
        return None
    inputs = leaves(whole.x)
    if any(leaf.ndim < 2 or leaf.dtype.kind not in "biuf" for leaf in inputs):
        return None
    rows = len(fit.opening)
    turned = [_from_last(leaf)[:rows] for leaf in inputs]
    if all(np.array_equal(new, leaf[:rows]) for new, leaf in zip(turned, inputs, strict=True)):
        return None
    (x,) = encoded(turned[0] if len(turned) == 1 else tuple(turned), seed=fit.seed)
    (y,) = targets([leaves(fit.opening.y)[question.place]], classes=question.classes)
    found = signal_of(x, y, fit.seed)
    if found.z < sure or found.skill < strength:
        return None
    shape = ", ".join(map(str, inputs[0].shape[1:]))
    return Slip(
        "read as stored with the rows last",
        f"x = np.moveaxis(x.reshape({shape}, len(x)), -1, 0)",
        found,
        _from_last,
        of_inputs=True,
    )


def _from_last(leaf: np.ndarray) -> np.ndarray:
    """Return the rows of an array whose rows were last and whose numbers were cut up anew."""
    return np.moveaxis(leaf.reshape(*leaf.shape[1:], len(leaf)), -1, 0)
