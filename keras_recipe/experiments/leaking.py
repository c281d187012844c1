"""Single features that tell the label in training and no longer do so elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from keras_recipe.data.unseen import Target

MOST = 4096  # columns of one input that are looked at
PIECE = 128  # columns at a time: their ranks take several times their memory


@dataclass(frozen=True)
class Leak:
    """A feature that knows the target in one split only.

    Attributes:
        place: Which column of the flattened input.
        training: Share of the target it explains in training.
        held: The same in the held-out rows.
    """

    place: int
    training: float
    held: float


def _columns(x: np.ndarray) -> np.ndarray:
    flat = x.reshape(len(x), -1)[:, :MOST]
    made = [flat, flat.mean(1, keepdims=True), flat.std(1, keepdims=True)]
    return np.nan_to_num(np.concatenate(made, axis=1, dtype="float64"), copy=False)


def _standard(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean(0)
    norm = np.sqrt(np.square(centred).sum(0))
    return centred / np.where(norm > 1e-9 * np.abs(values).max(initial=1), norm, np.inf)


def _told(x: np.ndarray, y: Target) -> np.ndarray:
    """Return the share of the target's variance that each column explains by itself.

    Classes: variance of the ranks between classes, over what it is when classes do not overlap.
    Amounts: squared rank correlation.
    """
    pieces = (x[:, i : i + PIECE] for i in range(0, x.shape[1], PIECE))
    return np.concatenate([_told_by_few(piece, y) for piece in pieces])


def _told_by_few(x: np.ndarray, y: Target) -> np.ndarray:
    ranks = _standard(rankdata(x, axis=0))
    if not y.classes:
        return np.square(_standard(rankdata(y.values[:, 0]))[None] @ ranks)[0]
    counts = np.maximum(y.values.sum(0), 1e-9)
    means = y.values.T @ ranks / counts[:, None]
    shares = counts / counts.sum()
    most = max(1 - float((shares**3).sum()), 1e-3)
    return np.minimum((np.square(means) * counts[:, None]).sum(0) / most, 1.0)


def leak(
    x: Sequence[np.ndarray],
    other: Sequence[np.ndarray],
    y: Target,
    held: Target,
    *,
    sure: float,
    gone: float,
) -> Leak | None:
    """Return the feature that explains the target best in training but not elsewhere.

    Args:
        x: Inputs of the training rows.
        other: Inputs of the held-out rows.
        y: Targets of the training rows.
        held: Targets of the held-out rows, in the same coding.
        sure: Share of the target that it must explain in training.
        gone: Share of that above which it still does elsewhere.
    """
    best: Leak | None = None
    for mine, theirs in zip(x, other, strict=True):
        if mine.dtype.kind not in "biuf" or mine.shape[1:] != theirs.shape[1:]:
            continue
        trained = _told(_columns(mine), y)
        place = int(trained.argmax())
        if trained[place] < sure:
            continue
        shown = float(_told(_columns(theirs)[:, [place]], held)[0])
        if shown <= gone * trained[place]:
            best = Leak(place, float(trained[place]), shown)
    return best
