"""Class probabilities of every row, by models that saw neither its label nor its copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax
from sklearn.kernel_approximation import RBFSampler

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.contents import row_hashes
from keras_recipe.data.features import encoding
from keras_recipe.data.wording import is_text, readable, said_of_texts

FOLDS = 5  # scikit-learn's default
MOST_ROWS = 2**17  # rows looked at; of more, as many at random
MOST_CLASSES = 256
WAVES = 384  # random Fourier features beside the linear ones
PIECE = 512  # rows encoded at a time
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)  # of the ridge, times the mean square of a feature
FEW = 8192  # rows that say how sharp: the one number is known to 1 %
FAR = 1e4  # deviations; the squares of more would not fit single precision
REFERENCE = 512  # rows whose distances say how wide the waves are


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


def told_of_every_row(whole: Batch, sample: Batch, place: int, seed: int = 0) -> Told:
    """Return what cross-fitted models say of the classes of all rows.

    Texts and tokens are read by logistic regression on hashed n-grams, as many rows as that
    takes seconds for. Everything else, and what only looks like tokens (pictures of bytes), is
    encoded as for the other simple models and read by ridge regression on these features and
    on random waves of them (Rahimi and Recht 2007), whose normal equations are added up over
    pieces of the data: memory does not grow with the rows, but for what is returned.

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
            _by_waves(whole, sample, few, given[few], folds, seed), given[few]
        ):
            return Told(few, p, given[few], classes)
    p = _by_waves(whole, sample, rows, given[rows], _folds(arrays, rows), seed)
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


class _Waves:
    """Standardised features of rows, and random waves of them."""

    def __init__(self, sample: Batch, seed: int) -> None:
        self._encode = encoding(sample.x, seed)
        made = self._encode(sample.x)
        self._mean = made.mean(0)
        spread = made.std(0)
        self._scale = np.where(spread > 1e-6 * np.abs(made).max(0), spread, np.inf)
        known = self._plain(made)
        few = known[np.random.default_rng(seed).permutation(len(known))[:REFERENCE]]
        squares = np.square(few).sum(1)
        apart = squares[:, None] + squares - 2 * few @ few.T
        width = float(np.median(apart[~np.eye(len(few), dtype=bool)]))
        waves = RBFSampler(gamma=1 / max(width, 1e-12), n_components=WAVES, random_state=seed)
        self._waves = waves.fit(few)

    def _plain(self, made: np.ndarray) -> np.ndarray:
        return np.clip((made - self._mean) / self._scale, -FAR, FAR).astype("float32")

    def __call__(self, x: Any) -> np.ndarray:
        """Return `(rows, 1 + features + 384)`."""
        plain = self._plain(self._encode(x))
        waves = self._waves.transform(plain).astype("float32") * np.float32(np.sqrt(WAVES))
        return np.concatenate([np.ones((len(plain), 1), "float32"), plain, waves], axis=1)


def _by_waves(
    whole: Batch,
    sample: Batch,
    rows: np.ndarray,
    given: np.ndarray,
    folds: np.ndarray,
    seed: int,
) -> np.ndarray:
    waves, size = _Waves(sample, seed), int(given.max()) + 1
    pieces = [slice(i, i + PIECE) for i in range(0, len(rows), PIECE)]
    width = waves(sample.take(slice(0, 1)).x).shape[1]
    squares = np.zeros((FOLDS, width, width), "float32")
    towards = np.zeros((FOLDS, width, size), "float32")
    for piece in pieces:
        made = waves(whole.take(rows[piece]).x)
        for fold in range(FOLDS):
            among = folds[piece] == fold
            own = made[among]
            squares[fold] += own.T @ own
            towards[fold] += own.T @ _one_hot(given[piece][among], size)
    weights = _solved(squares, towards)
    scores = np.empty((len(rows), size), "float32")
    for piece in pieces:
        made = waves(whole.take(rows[piece]).x)
        for fold in range(FOLDS):
            among = folds[piece] == fold
            scores[piece][among] = made[among] @ weights[fold]
    return _sharpened(scores, given)


def _one_hot(given: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(given[:, None] == np.arange(size), "float32")


def _solved(squares: np.ndarray, towards: np.ndarray) -> list[np.ndarray]:
    """Return the weights `(features, classes)` for each fold, learned from the others.

    The penalty is the one with the least squared error over all folds, which follows from the
    normal equations of the fold that was left out.
    """
    all_squares, all_towards = squares.sum(0), towards.sum(0)
    lost = np.zeros(len(PENALTIES))
    found: list[list[np.ndarray]] = []
    for fold in range(len(squares)):
        left, right = all_squares - squares[fold], all_towards - towards[fold]
        scale = max(float(np.trace(left)) / len(left), 1e-6)  # 0 where all rows are alike
        solved = []
        for at, penalty in enumerate(PENALTIES):
            ridge = left.astype("float64")
            ridge.flat[:: len(ridge) + 1] += penalty * scale
            known = linalg.cho_factor(ridge, overwrite_a=True)
            weights = linalg.cho_solve(known, right).astype("float32")
            lost[at] += (weights * (squares[fold] @ weights - 2 * towards[fold])).sum()
            solved.append(weights)
        found.append(solved)
    best = int(lost.argmin())
    return [solved[best] for solved in found]


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
