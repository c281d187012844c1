"""Rules about what the outputs of a row add up to; each gives a finding or None."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from keras_recipe.contract.heads import TOLERANCE, activation_fix, adds_to_one, layer_name
from keras_recipe.contract.ranges import RENORMALISED
from keras_recipe.contract.references import as_output, references
from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.result import Fix, Result, failed

SURE = 0.999  # as sure as an output of 0 to 1 can be in float16


def over_another_axis(scored: ScoredHead) -> Result | None:
    """The classes are on the last axis: that is where probabilities must add up to 1."""
    head, p = scored.head, scored.p
    unfit = head.loss.name not in RENORMALISED or head.loss.from_logits or not head.loss.builtin
    if unfit or p.ndim < 3 or head.units < 2 or p.min() < 0 or adds_to_one(p):
        return None
    axes = [
        axis
        for axis in range(1, p.ndim - 1)
        if p.shape[axis] > 1 and np.abs(p.sum(axis) - 1).max() < TOLERANCE
    ]
    target = as_output(scored)
    if not axes or target is None or not adds_to_one(target):
        return None
    if not all(
        scored.loss(one.perfect) < scored.loss(one.constant) for one in references(scored)
    ):
        return None  # the loss itself reads the classes from another axis
    return failed(
        f"The outputs add up to 1 over axis {axes[0]} ({p.shape[axes[0]]} places), not "
        f"over the {head.units} classes, where their sum is {p.sum(-1).min():.3g} to "
        f"{p.sum(-1).max():.3g}.",
        measured=float(np.abs(p.sum(-1) - 1).mean()),
        expected=0.0,
        unit="distance of the sum over the classes from 1",
        where=layer_name(head),
        cause="The softmax runs along another axis: steps or places compete for each class, in "
        "place of classes for each step.",
        fix=Fix(
            text="Take the softmax over the last axis.", code="keras.layers.Softmax(axis=-1)"
        ),
    )


def more_than_the_truth(scored: ScoredHead) -> Result | None:
    """KL divergence compares distributions: more than the truth must not cost less."""
    head, p = scored.head, scored.p
    if head.loss.name != "kl_divergence" or not head.loss.builtin or head.units < 2:
        return None
    target = as_output(scored)
    if target is None or not adds_to_one(target) or adds_to_one(p):
        return None
    right, most = scored.loss(target), scored.loss(np.full_like(target, SURE))
    if not most < right:
        return None
    return failed(
        f"The outputs of a row add up to {p.sum(-1).mean():.3g}, not 1, and the KL divergence "
        f"rewards that: the right answers cost {right:.3g}, saying {SURE:g} to everything "
        f"{most:.3g}.",
        measured=float(np.abs(p.sum(-1) - 1).mean()),
        expected=0.0,
        unit="distance of the sum of outputs from 1",
        where=layer_name(head),
        cause="The divergence falls with every output that grows; only a sum of 1 holds them.",
        fix=activation_fix(head, "softmax"),
    )


RULES: Sequence[Callable[[ScoredHead], Result | None]] = (
    over_another_axis,
    more_than_the_truth,
)
