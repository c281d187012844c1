"""Rules about how many different labels there are; each gives a finding or None."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from keras_recipe.contract.ranges import is_squared
from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.result import Fix, Result, failed, warned

SPARSE = "sparse_categorical_crossentropy"
SPARE = 3  # unused units that may be meant


def constant(scored: ScoredHead) -> Result | None:
    """There must be something to tell apart."""
    head, labels = scored.head, scored.head.labels
    if labels is None or not head.loss.builtin or labels.rows < 2:
        return None
    if np.any(labels.low != labels.high):
        return None
    say = warned if is_squared(head.loss.name) else failed
    return say(
        f"Every one of the {labels.rows} labels is the same: a constant is a perfect model.",
        measured=1.0,
        expected=2.0,
        unit="different labels",
        where=head.name,
        cause="A filter, a comparison or an integer division left one label.",
        fix=Fix(text="Look at the labels where they are made.", code="np.unique(y)"),
    )


def unused_units(scored: ScoredHead) -> Result | None:
    """Units without a class take part in every softmax."""
    head, labels = scored.head, scored.head.labels
    if labels is None or head.kind != "multiclass" or head.structure != "sample":
        return None
    if head.loss.name != SPARSE and labels.units != head.units:
        return None
    if labels.units == head.units:
        present = int((np.asarray(labels.high).reshape(-1, head.units).max(0) > 0).sum())
    else:
        present = int((labels.class_counts(head.units) > 0).sum())
    if head.units < 2 * present or head.units - present < SPARE or not present:
        return None
    return warned(
        f"The output has {head.units} units, but only {present} classes occur.",
        measured=float(head.units),
        expected=float(present),
        unit="units",
        where=head.name,
        cause="The number of units was copied from another data set, or classes are missing.",
        fix=Fix(text="One unit a class.", code=f"Dense({present}, activation='softmax')"),
    )


RULES: Sequence[Callable[[ScoredHead], Result | None]] = (constant, unused_units)
