"""Class probabilities of every row, by models that saw neither its label nor its copies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import linalg
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.contents import row_hashes
from keras_recipe.data.waves import Waves, by_columns, by_components
from keras_recipe.data.wording import is_text, readable, said_of_texts

FOLDS = 5  # scikit-learn's default
MOST_ROWS = 2**17  # rows looked at; of more, as many at random
MOST_CLASSES = 256
PIECE = 512  # rows encoded at a time
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)  # of the ridge, times the mean square of a feature
FEW = 8192  # rows that say how sharp: the one number is known to 1 %


@dataclass(frozen=True, eq=False)
class Told:
    """What is said of rows that were not seen.

    Attributes:
        rows: Which rows of the data, in order.
        probabilities: `(rows, classes)`.
        given: The class each was given, as a column of `probabilities`.
        classes: What the columns stand for.
    """

    rows: np.ndarray
    probabilities: np.ndarray
    given: np.ndarray
    classes: np.ndarray


class _Asked(NamedTuple):
    """Places of the rows that are told, the class each was given, and its part of the data."""

    rows: np.ndarray
    given: np.ndarray
    folds: np.ndarray


def told_of_every_row(whole: Batch, sample: Batch, place: int, seed: int = 0) -> Told:
    """Return what cross-fitted models say of the classes of all rows.

    Texts and tokens are read by logistic regression on hashed n-grams, as many rows as that
    takes seconds for. Everything else, and what only looks like tokens (pictures of bytes), is
    encoded as for the other simple models, or pictures by their principal components where
    these tell as much of a sample, and read by ridge regression on these features and on random
    waves of them (Rahimi and Recht 2007), whose normal equations are added up over pieces of
    the data: memory does not grow with the rows, but for what is returned.

    Args:
        whole: All rows.
        sample: Some of them, from which the encoding is learned.
        place: Place of the target among the flattened targets.
        seed: Decides patches, waves and, of more than 131,072 rows, which are looked at.

    Raises:
        NotApplicable: There are too many classes, or the inputs cannot be encoded.
    """
    labels = np.asarray(leaves(whole.y)[place])
    labels = labels.reshape(len(labels), -1)
    known = labels.argmax(1) if labels.shape[1] > 1 else labels[:, 0]
    classes, given = np.unique(known, return_inverse=True)
    if not 2 <= len(classes) <= MOST_CLASSES:
        msg = f"there are {len(classes)} classes; every row is judged with 2 to {MOST_CLASSES}"
        raise NotApplicable(msg)
    random = np.random.default_rng(seed)
    rows = np.sort(random.permutation(len(whole))[:MOST_ROWS])
    arrays = leaves(whole.x)
    if len(arrays) == 1 and is_text(leaves(sample.x)[0]):
        few = np.sort(random.permutation(rows)[: readable(leaves(sample.x)[0])])
        folds = _folds(arrays, few)
        p = said_of_texts(arrays[0][few], given[few], folds)
        text = arrays[0].dtype.kind in "US"
        if text or _surprise(p, given[few]) <= _surprise(
            _by_waves(whole, sample, _Asked(few, given[few], folds), seed), given[few]
        ):
            return Told(few, p, given[few], classes)
    asked = _Asked(rows, given[rows], _folds(arrays, rows))
    p = _by_waves(whole, sample, asked, seed)
    return Told(rows, p, given[rows], classes)


def _surprise(p: np.ndarray, given: np.ndarray) -> float:
    """Return the mean nats of the given labels."""
    return float(-np.log(np.maximum(p[np.arange(len(given)), given], 1e-6)).mean())


def _folds(arrays: list[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Return a part for each row, the same for copies: a copy would betray its label."""
    found = [
        row_hashes([a[rows[i : i + PIECE]] for a in arrays]) % np.uint64(FOLDS)
        for i in range(0, len(rows), PIECE)
    ]
    return np.concatenate(found).astype("int64")


def _by_waves(whole: Batch, sample: Batch, asked: _Asked, seed: int) -> np.ndarray:
    """Return class probabilities of some rows; the encoding is learned from the sample."""
    waves = _chosen(whole, sample, asked, seed)
    weights, _ = _solved(*_equations(waves, whole, asked))
    scores = np.empty((len(asked.rows), int(asked.given.max()) + 1), "float32")
    for fold, places in _pieces(asked.folds):
        scores[places] = waves(whole.take(asked.rows[places]).x) @ weights[fold]
    return _sharpened(scores, asked.given)


def _chosen(whole: Batch, sample: Batch, asked: _Asked, seed: int) -> Waves:
    """Return the encoding: of pictures the one that tells more of as many rows as a sample."""
    plain, other = by_columns(sample, seed), by_components(sample, seed)
    if other is None:
        return Waves(sample, plain, seed)
    order = np.random.default_rng(seed).permutation(len(asked.rows))
    few = np.sort(order[: len(sample)])
    known = _Asked(*(part[few] for part in asked))
    made = [Waves(sample, encode, seed) for encode in (other, plain)]
    costs = [_solved(*_equations(waves, whole, known))[1] for waves in made]
    return made[int(np.argmin(costs))]


def _pieces(folds: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each fold's rows in pieces."""
    for fold in range(FOLDS):
        among = np.flatnonzero(folds == fold)
        for start in range(0, len(among), PIECE):
            yield fold, among[start : start + PIECE]


def _equations(waves: Waves, whole: Batch, asked: _Asked) -> tuple[np.ndarray, np.ndarray]:
    """Return both sides of the normal equations of each fold."""
    size = int(asked.given.max()) + 1
    width = waves(whole.take(asked.rows[:1]).x).shape[1]
    squares = np.zeros((FOLDS, width, width), "float32")
    towards = np.zeros((FOLDS, width, size), "float32")
    for fold, places in _pieces(asked.folds):
        made = waves(whole.take(asked.rows[places]).x)
        squares[fold] += made.T @ made
        towards[fold] += made.T @ _one_hot(asked.given[places], size)
    return squares, towards


def _one_hot(given: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(given[:, None] == np.arange(size), "float32")


def _solved(squares: np.ndarray, towards: np.ndarray) -> tuple[list[np.ndarray], float]:
    """Return the weights `(features, classes)` for each fold, learned from the others.

    Beside them their squared error, but for a constant.

    The penalty is the one with the least squared error over all folds, which follows from the
    normal equations of the fold that was left out.
    """
    all_squares, all_towards = squares.sum(0), towards.sum(0)
    lost = np.zeros(len(PENALTIES))
    found: list[list[np.ndarray]] = []
    for fold in range(len(squares)):
        right, size = all_towards - towards[fold], len(all_squares)
        trace = float(np.trace(all_squares) - np.trace(squares[fold]))
        scale = max(trace / size, 1e-6)  # 0 where all rows are alike
        solved = []
        for at, penalty in enumerate(PENALTIES):
            ridge = np.empty((size, size), order="F")  # as LAPACK wants it: no copy is made
            np.subtract(all_squares, squares[fold], out=ridge)
            np.einsum("ii->i", ridge)[:] += penalty * scale
            known = linalg.cho_factor(ridge, overwrite_a=True)
            weights = linalg.cho_solve(known, right).astype("float32")
            lost[at] += (weights * (squares[fold] @ weights - 2 * towards[fold])).sum()
            solved.append(weights)
        found.append(solved)
    best = int(lost.argmin())
    return [solved[best] for solved in found], float(lost[best])


def _sharpened(scores: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Turn scores into probabilities, in place, by the one factor that suits labels best."""
    rows = np.arange(len(given))
    few = np.random.default_rng(0).permutation(rows)[:FEW]

    def surprise(power: float) -> float:
        sharp = scores[few] * np.float32(2.0**power)
        own = sharp[np.arange(len(few)), given[few]]
        return float((logsumexp(sharp, axis=1) - own).mean())

    power = minimize_scalar(surprise, bounds=(-3, 7), method="bounded").x
    scores *= np.float32(2.0**power)
    for start in range(0, len(scores), PIECE):
        piece = scores[start : start + PIECE]
        piece[:] = softmax(piece, axis=1)
    return scores
