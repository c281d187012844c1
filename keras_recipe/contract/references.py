"""Predictions whose worth is known without a model: perfect, constant and wrong ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_recipe.contract.ranges import head_range
from keras_recipe.contract.scored import ScoredHead
from keras_recipe.data.labels import one_hot
from keras_recipe.surgery.activations import UNKNOWN

CLASSIFIED = ("binary", "multiclass", "multilabel")
SURE = 0.96  # probability a good, not yet saturated classifier gives to the true class
MARGIN = 4.0  # the same as a score before the sigmoid: sigmoid(4) = 0.982


@dataclass(frozen=True)
class References:
    """Predictions in one form, each of the shape of the head's output.

    Attributes:
        form: `"probabilities"`, `"logits"`, `"signs"` or `"amounts"`.
        perfect: What a good model would say.
        constant: The same for every row: the mean.
        wrong: What a model that learned the opposite would say.
    """

    form: str
    perfect: np.ndarray
    constant: np.ndarray
    wrong: np.ndarray


def as_output(scored: ScoredHead) -> np.ndarray | None:
    """Return the targets in the shape of the output: one-hot, 0/1 or amounts.

    Returns:
        float64 array of the shape of the head's output; None where labels and output do not
        correspond element by element.
    """
    y, p, head = np.asarray(scored.y, dtype="float64"), scored.p, scored.head
    if head.kind == "multiclass" and head.units > 1 and head.sparse:
        classes = y[..., 0] if y.ndim == p.ndim else y
        classes = np.where(classes == head.ignored, 0, classes)
        if classes.shape != p.shape[:-1] or not np.isfinite(classes).all():
            return None
        if classes.min() < 0 or classes.max() >= head.units or (classes % 1).any():
            return None
        return one_hot(classes.astype("int64"), head.units)
    if y.size != p.size or not np.isfinite(y).all():
        return None
    y = y.reshape(p.shape)
    coded = head.kind in ("binary", "multilabel") and y.min() == -1 and y.max() == 1
    return (y + 1) / 2 if coded else y


def opposite(values: np.ndarray) -> np.ndarray:
    """Return the same values, the largest on the rows of the smallest, column by column."""
    flat = values.reshape(len(values), -1)
    order, turned = np.argsort(flat, axis=0, kind="stable"), np.empty_like(flat)
    ranked = np.take_along_axis(flat, order, axis=0)
    np.put_along_axis(turned, order, ranked[::-1], axis=0)
    return turned.reshape(values.shape)


def _constant(values: np.ndarray) -> np.ndarray:
    return np.broadcast_to(values.mean(axis=0, keepdims=True), values.shape)


def _forms(scored: ScoredHead) -> list[tuple[str, float, float]]:
    """Return how the head may say no and yes."""
    low, high = head_range(scored.head)
    if scored.head.activation == UNKNOWN and scored.p.min() >= 0 and scored.p.max() <= 1:
        low, high = 0.0, 1.0
    if (low, high) == (0.0, 1.0):
        return [("probabilities", 1 - SURE, SURE)]
    if (low, high) == (-1.0, 1.0):
        return [("signs", -SURE, SURE)]
    return [("logits", -MARGIN, MARGIN), ("amounts", 0.0, 1.0)]


def references(scored: ScoredHead) -> list[References]:
    """Return the references in every form the head may speak and the loss may read.

    Returns:
        Amounts for a regression; one or two forms for a classifier; empty where no perfect
        answer is known.
    """
    target = as_output(scored)
    if target is None:
        return []
    if scored.head.kind not in CLASSIFIED:
        return [References("amounts", target, _constant(target), opposite(target))]
    if target.min() < 0 or target.max() > 1:
        return []
    classes = scored.head.units if scored.head.kind == "multiclass" else 1
    swapped = np.roll(target, 1, axis=-1) if classes > 1 else 1 - target
    made = []
    for form, low, high in _forms(scored):
        no = low / (classes - 1) if form == "probabilities" and classes > 2 else low
        right, wrong = (no + (high - no) * part for part in (target, swapped))
        even = 1 / classes if form == "probabilities" and classes > 1 else (low + high) / 2
        made.append(References(form, right, np.full_like(target, even), wrong))
    return made
