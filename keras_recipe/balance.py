"""How often each class of an output occurs, and what each weighs in the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.task import Head


@dataclass(frozen=True, eq=False)
class Balance:
    """The classes of one output that occur in the training data.

    Attributes:
        classes: Their labels, as `class_weight` wants them, shape `(classes,)`.
        counts: How often each occurs in all rows.
        weights: What a row of each weighs, NaN for classes without a row in the sample; None
            where classes have no weights of their own.
    """

    classes: np.ndarray
    counts: np.ndarray
    weights: np.ndarray | None

    @property
    def ratio(self) -> float:
        """The most frequent class over the rarest."""
        return float(self.counts.max() / self.counts.min())

    @property
    def effective(self) -> float:
        """Number of equally frequent classes with the same entropy."""
        shares = self.counts / self.counts.sum()
        return float(np.exp(-(shares * np.log(shares)).sum()))

    @property
    def even_weights(self) -> str:
        """Weights in inverse proportion to the counts, 1 on average over rows, as code."""
        weights = self.counts.sum() / (len(self.counts) * self.counts)
        pairs = [f"{c:g}: {w:.3g}" for c, w in zip(self.classes, weights, strict=True)]
        return "{" + ", ".join(pairs[:20]) + (", ..." if len(pairs) > 20 else "") + "}"

    @property
    def extremes(self) -> tuple[int, int] | None:
        """Places of the most frequent and the rarest class with a known positive weight."""
        if self.weights is None:
            return None
        known = np.flatnonzero(np.nan_to_num(self.weights) > 0)
        if len(known) < 2:
            return None
        counts = self.counts[known]
        return int(known[counts.argmax()]), int(known[counts.argmin()])

    @property
    def rises(self) -> bool:
        """Whether, over all classes, weights go up with counts (rank correlation over 0.5)."""
        if self.weights is None:
            return False
        known = np.isfinite(self.weights)
        ranks, weights = np.argsort(np.argsort(self.counts[known])), self.weights[known]
        return bool(np.ptp(weights) > 0 and np.corrcoef(ranks, weights)[0, 1] > 0.5)


def _places(classes: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the place in `classes` of each label, -1 where it is none of them."""
    labels = y.argmax(-1).ravel() if y.ndim > 1 and y.shape[-1] > 1 else y.ravel()
    places = np.clip(np.searchsorted(classes, labels), 0, len(classes) - 1)
    return np.where(classes[places] == labels, places, -1)


def _weights(head: Head, classes: np.ndarray, sample: Batch) -> np.ndarray | None:
    given = leaves(sample.sample_weight)
    if len(given) != 1 or head.target is None:
        return None
    places, weight = _places(classes, leaves(sample.y)[head.target]), given[0].ravel()
    if len(places) != len(weight) or np.ptp(weight) == 0:
        return None
    found = np.full(len(classes), np.nan)
    for place in np.unique(places[places >= 0]):
        own = weight[places == place]
        if np.ptp(own) > 1e-3 * np.abs(own).max():
            return None  # rows of one class differ: these are not weights of classes
        found[place] = own[0]
    return found


def balance_of(head: Head, sample: Batch) -> Balance | None:
    """Return the balance of an output's classes.

    Args:
        head: The output.
        sample: Rows with their weights, class weights included.

    Returns:
        None when the output has no exclusive classes, or fewer than two occur.
    """
    labels: Any = head.labels
    if labels is None or head.kind not in ("binary", "multiclass"):
        return None
    if head.kind == "binary" and labels.units == 1:  # 0/1, -1/+1, 1/2
        pairs = sorted((labels.values or {}).items())
        classes, counts = (np.array([p[i] for p in pairs], "float64") for i in (0, 1))
    else:
        counts = labels.class_counts(head.classes)
        classes = np.arange(len(counts), dtype="float64")
    scored = (counts > 0) & (classes != head.ignored)
    classes, counts = classes[scored], counts[scored]
    if len(classes) < 2:
        return None
    return Balance(classes, counts, _weights(head, classes, sample))
