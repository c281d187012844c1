"""Confident learning: which labels contradict what a simple model is sure of, and how many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keras_recipe.data.contents import Contents, row_hashes
from keras_recipe.data.unseen import Target

NEAR = 0.25  # deviations of the labels: a number this near its prediction is not called wrong
LEAST = 5  # confident rows of a class in each split for a comparison of them


def probabilities(predictions: np.ndarray) -> np.ndarray:
    """Return predictions as distributions: not below 0, rows that sum to 1."""
    clipped = np.clip(predictions, 1e-6, None)
    return np.asarray(clipped / clipped.sum(1, keepdims=True))


@dataclass(frozen=True)
class Noise:
    """The estimate for one set of labels.

    Attributes:
        rate: Estimated share of wrong labels; includes what the model itself gets wrong.
        suspects: Rows in the order in which they should be looked at: the least likely label
            first, cleanlab's "self confidence".
        other: The class that each row more likely belongs to.
        per_class: Estimated share of wrong labels by given class.
    """

    rate: float
    suspects: np.ndarray
    other: np.ndarray
    per_class: np.ndarray


def confident_learning(predictions: np.ndarray, given: np.ndarray) -> Noise:
    """Return the estimate of Northcutt, Jiang and Chuang (2021).

    A row counts for another class when its probability is above the mean probability of the
    rows labelled so; counts are scaled to the given labels.

    Args:
        predictions: Out-of-sample predictions `(rows, classes)`.
        given: The class each row was given.
    """
    p = probabilities(predictions)
    rows, size = np.arange(len(p)), p.shape[1]
    counts = np.bincount(given, minlength=size)
    limits = np.array(
        [p[given == c, c].mean(dtype="float64") if counts[c] else np.inf for c in range(size)]
    )
    above = np.where(p >= limits.astype(p.dtype) * (1 - 1e-6), p, p.dtype.type(-1))
    said, sure = above.argmax(1), above.max(1) >= 0
    del above
    joint = np.zeros((size, size))
    np.add.at(joint, (given[sure], said[sure]), 1.0)
    joint += np.diag(
        (joint.sum(1) == 0) & (counts > 0)
    )  # no row is sure: nothing is said of it
    shares = joint / np.maximum(joint.sum(1, keepdims=True), 1)
    per_class = 1 - shares.diagonal()
    excess = p - np.where(np.isfinite(limits), limits, 1.0).astype(p.dtype)
    excess[rows, given] = -np.inf
    return Noise(
        rate=float((per_class * counts).sum() / counts.sum()),
        suspects=np.argsort(p[rows, given], kind="stable"),
        other=excess.argmax(1),
        per_class=np.where(counts > 0, per_class, 0.0),
    )


@dataclass(frozen=True)
class Excess:
    """How much more often sure predictions are contradicted in one split than in another.

    Attributes:
        rate: Difference of the shares, weighted by the classes of the first split.
        z: The same in standard errors.
        own: The share in the first split.
        other: The share in the other.
    """

    rate: float
    z: float
    own: float
    other: float


def _excess(wrong: np.ndarray, sure: np.ndarray) -> Excess:
    """Return the excess; both arguments `(2, classes)`: first split, other split.

    The error is that of one common share in both splits (a score test).
    """
    share, common = wrong / sure, (wrong.sum(0) + 0.5) / (sure.sum(0) + 1)
    weight = sure[0] / sure[0].sum()
    error = float(np.sqrt((weight**2 * common * (1 - common) * (1 / sure).sum(0)).sum()))
    own, other = float((weight * share[0]).sum()), float((weight * share[1]).sum())
    return Excess(own - other, (own - other) / error, own, other)


def contradicted(
    predictions: np.ndarray, target: Target, held: np.ndarray, held_target: Target
) -> Excess | None:
    """Compare the classes of two splits where one model is sure; None if it hardly ever is.

    It is sure in the half of the other split's rows where its lead is largest, and in all rows
    with such a lead. The comparison is made for each given class, so that a different share of
    the classes makes no difference; harder inputs are less often among the sure.

    Args:
        predictions: Out-of-sample predictions for the first split, `(rows, classes)`.
        target: Its labels.
        held: Predictions for the other split, by as strong a model.
        held_target: Its labels.
    """
    ps, givens = [probabilities(part) for part in (predictions, held)], [target, held_target]
    leads = [np.diff(np.sort(p, 1)[:, -2:], axis=1)[:, 0] for p in ps]
    border = np.median(leads[1])
    sure, wrong = [], []
    for p, labels, lead in zip(ps, givens, leads, strict=True):
        among, given = lead >= border, labels.given
        missed = among & (p.argmax(1) != given)
        sure.append(np.bincount(given[among], minlength=p.shape[1]))
        wrong.append(np.bincount(given[missed], minlength=p.shape[1]))
    kept = (sure[0] >= LEAST) & (sure[1] >= LEAST)
    return _excess(np.array(wrong)[:, kept], np.array(sure)[:, kept]) if kept.any() else None


def far_off(
    predictions: np.ndarray, target: Target, held: np.ndarray, held_target: Target
) -> Excess:
    """Compare the residuals of numbers: how many are beyond the other split's 95th percentile.

    A residual under a quarter of the labels' deviation is no wrong label, however exact the
    other split is.

    Args:
        predictions: Out-of-sample predictions for the first split, `(rows, outputs)`.
        target: Its labels.
        held: Predictions for the other split, by as strong a model.
        held_target: Its labels.
    """
    gaps = [
        np.sqrt(np.square(p - y.values).mean(1))
        for p, y in ((predictions, target), (held, held_target))
    ]
    least = NEAR * float(np.sqrt(held_target.values.var(0).mean()))
    border = max(float(np.quantile(gaps[1], 0.95)), least)
    beyond = [(gap > border).sum() for gap in gaps]
    sizes = [len(gap) for gap in gaps]
    return _excess(np.array(beyond)[:, None], np.array(sizes)[:, None])


def as_two_classes(predictions: np.ndarray, target: Target) -> tuple[np.ndarray, Target]:
    """Return labels that are there or not, one under the other, as rows of two classes."""
    p, y = np.clip(predictions, 0, 1).T.ravel(), target.values.T.ravel()
    return np.stack([1 - p, p], 1), Target(np.stack([1 - y, y], 1), classes=True)


def sure_and_wrong(predictions: np.ndarray, target: Target) -> float:
    """Return the share of labels that contradict the surer half of the predictions."""
    p = probabilities(predictions)
    lead = np.diff(np.sort(p, 1)[:, -2:], axis=1)[:, 0]
    sure = lead >= np.median(lead)
    return float((p.argmax(1) != target.given)[sure].mean())


def numbers_of_rows(contents: Contents, arrays: Sequence[np.ndarray]) -> list[int]:
    """Return where rows of a sample stand in the whole data; rows not found are left out.

    Args:
        contents: Hashes of the whole data.
        arrays: Inputs of the rows, `(rows, ...)` each.
    """
    known, _, place = contents.columns
    order = np.argsort(known, kind="stable")
    wanted = row_hashes(arrays)
    at = np.minimum(np.searchsorted(known[order], wanted), len(known) - 1)
    return [
        int(place[order[i]]) for i, h in zip(at, wanted, strict=True) if known[order[i]] == h
    ]
