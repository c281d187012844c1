"""Classes that one split has and another lacks."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from keras_recipe.core.result import Fix, Result, failed, warned
from keras_recipe.data.labels import Labels
from keras_recipe.data.resplitting import shuffle_and_split
from keras_recipe.data.statistics import Statistics
from keras_recipe.task import Head, Task

_STRATIFY = Fix(
    text="Shuffle before splitting, and split within each class.",
    code="sklearn.model_selection.train_test_split(x, y, stratify=y)",
    data=shuffle_and_split,
)


def _counts(head: Head, labels: Labels) -> dict[float, float]:
    """Return how often each class occurs in a split; empty where that is not known.

    The class that the loss leaves out is none.
    """
    if labels.units == head.classes and labels.units > 1:
        found = labels.class_counts(head.classes)
        return {float(c): float(n) for c, n in enumerate(found) if n > 0}
    values = labels.values or {}
    return {c: float(n) for c, n in values.items() if c != head.ignored}


def _unlikely(missing: float, other_rows: float, rows: float) -> float:
    """Return the chance that a split of `rows` got none of `missing` equal rows.

    Were all rows of both splits dealt out at random.
    """
    total = rows + other_rows
    return math.exp(missing * math.log(max(other_rows / total, 1e-12)))


def missing_classes(
    task: Task, splits: Mapping[str, Statistics], level: float, share: float
) -> Result | None:
    """Return a finding about a class that is missing from a split against all chance.

    Args:
        task: What is learned; outputs with one class a row are judged.
        splits: Statistics of all rows by split.
        level: Largest probability of the class being missing by chance.
        share: Share of the other split's rows that the class must have for a FAIL.
    """
    for head in task.heads:
        if head.kind not in ("binary", "multiclass") or head.structure != "sample":
            continue
        place = head.target
        if place is None or any(place >= len(s.y) for s in splits.values()):
            continue
        counts = {name: _counts(head, s.y[place]) for name, s in splits.items()}
        mine = counts.pop("training")
        for split, other in counts.items():
            if mine and other and (found := _compared(head, split, mine, other, level, share)):
                return found
    return None


def _compared(
    head: Head,
    split: str,
    mine: Mapping[float, float],
    other: Mapping[float, float],
    level: float,
    share: float,
) -> Result | None:
    n, m = sum(mine.values()), sum(other.values())
    level = level / len({*mine, *other})
    new = {c: k for c, k in other.items() if c not in mine and _unlikely(k, m, n) < level}
    gone = {c: k for c, k in mine.items() if c not in other and _unlikely(k, n, m) < level}
    if new and sum(new.values()) >= share * m:
        return failed(
            f"{sum(new.values()) / m:.0%} of the {split} rows are of classes that training "
            f"never has ({_named(new)}): no model can learn them",
            measured=float(len(new)),
            expected=0.0,
            unit="classes",
            where=head.name,
            cause="The rows were split without shuffling, or classes are numbered in two ways.",
            fix=_STRATIFY,
            evidence={"classes": sorted(new)[:50]},
        )
    if not gone:
        return None
    alone = len(other) == 1 and len(mine) > 1
    return (failed if alone else warned)(
        f"the {split} rows lack {len(gone)} of {len(mine)} classes ({_named(gone)})"
        + (": a constant is always right there" if alone else ""),
        measured=float(len(gone)),
        expected=0.0,
        unit="classes",
        where=split,
        cause="The rows were split without shuffling.",
        fix=_STRATIFY,
        evidence={"classes": sorted(gone)[:50]},
    )


def _named(classes: Mapping[float, float]) -> str:
    values = np.array(sorted(classes))
    said = ", ".join(f"{value:g}" for value in values[:6])
    return said + (", ..." if len(values) > 6 else "")
