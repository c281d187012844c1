"""Rules about class weights: they should make up for rarity, not add to it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.result import Fix, Result, failed, warned
from keras_recipe.data.batch import leaves
from keras_recipe.data.refitting import weigh_evenly

UNEVEN = 1.5  # times as frequent, below which classes count as balanced
TWICE = 2.0
NOTICED = 1.2


def _by_class(scored: ScoredHead, classes: int) -> dict[int, float]:
    """Return the one weight each class has in the sample weights; empty if they vary."""
    given = leaves(scored.batch.sample_weight)
    if len(given) != 1 or given[0].ndim != 1:
        return {}
    y = np.asarray(scored.y)
    numbers = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y))
    found = {}
    for one in range(classes):
        weights = np.asarray(given[0])[numbers == one]
        if weights.size and np.ptp(weights) > 1e-6 * np.abs(weights).max():
            return {}
        if weights.size:
            found[one] = float(weights[0])
    return found


def class_weights(scored: ScoredHead, given: Mapping[int, float] | None) -> Result | None:
    """A weight must belong to a class, and a rare class must not get the smaller one."""
    head = scored.head
    if head.kind not in ("binary", "multiclass") or head.labels is None:
        return None
    if head.structure != "sample" or (head.sparse and float(np.min(head.labels.low)) < 0):
        return None
    counts = head.labels.class_counts(head.classes)
    present = [int(k) for k in np.flatnonzero(counts)]
    weights = dict(given) if given else _by_class(scored, head.classes)
    if not weights or len(present) < 2:
        return None
    if set(weights) - set(present) and set(present) - set(weights):
        return _misnamed(head.name, sorted(weights), present)
    counted = [k for k in present if weights.get(k, 1.0) > 0]
    if len(counted) < 2:
        return _one_sided(head.name, counted, present)
    ordered = sorted(present, key=lambda k: counts[k])
    rare, frequent = ordered[0], ordered[-1]
    ratio = counts[frequent] / counts[rare]
    low, high = weights.get(rare, 1.0), weights.get(frequent, 1.0)
    favour = high / low if low > 0 else np.inf
    if ratio < UNEVEN or favour < NOTICED or not _rising(counts, weights, present):
        return None
    total = sum(counts[k] * weights.get(k, 1.0) for k in present)
    share = counts[rare] * low / total
    say = failed if favour >= TWICE else warned
    return say(
        f"Class {rare} is {ratio:.3g} times rarer than class {frequent} and yet weighs "
        f"{favour:.3g} times less: it makes up {share:.1%} of the loss, without weights "
        f"{counts[rare] / counts.sum():.1%}.",
        measured=float(favour),
        expected=float(1 / ratio),
        unit="weight of the frequent class over that of the rare one",
        where=head.name,
        cause="The weights were made from the frequencies themselves, not their inverse.",
        fix=Fix(
            text="Weigh by the inverse of the frequency.",
            code="class_weight={k: len(y) / (num_classes * (y == k).sum()) for k in classes}",
            data=weigh_evenly,
        ),
        evidence={"counts": [float(c) for c in counts], "weights": weights},
    )


def _rising(counts: np.ndarray, weights: Mapping[int, float], present: list[int]) -> bool:
    """Whether weights rise with frequency over all classes (correlation of logarithms)."""
    n = np.log([counts[k] for k in present])
    w = np.log([max(weights.get(k, 1.0), 1e-12) for k in present])
    return bool(((n - n.mean()) * (w - w.mean())).sum() > 0)


def _one_sided(where: str, counted: list[int], present: list[int]) -> Result:
    """The finding that no more than one class has a weight: a constant is a perfect model."""
    kept = f"only class {counted[0]}" if counted else "no class"
    return failed(
        f"The labels hold the classes {present}, but {kept} has a weight above 0: the same "
        "answer for every row is perfect.",
        measured=float(len(counted)),
        expected=float(len(present)),
        unit="classes with a weight",
        where=where,
        cause="The weights are a comparison with one class, or were rounded or divided to 0.",
        fix=Fix(
            text="Give every class a weight above 0.",
            code="class_weight={k: len(y) / (num_classes * (y == k).sum()) for k in classes}",
            data=weigh_evenly,
        ),
    )


def _misnamed(where: str, named: list[int], present: list[int]) -> Result:
    return failed(
        f"`class_weight` names the classes {named}, but the labels hold {present}: some "
        "weights are never used and some classes have none.",
        measured=float(len(set(named) & set(present))),
        expected=float(len(present)),
        unit="classes with a weight",
        where=where,
        cause="The classes are counted from another number, or in another order.",
        fix=Fix(
            text="Name the classes as the labels do.",
            code="class_weight={0: ..., 1: ...}",
            data=weigh_evenly,
        ),
    )
