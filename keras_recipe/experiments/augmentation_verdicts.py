"""What augmented rows say of an augmentation; each gives a finding."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, Status, failed, passed, warned
from keras_recipe.data.batch import leaves
from keras_recipe.experiments.augmented import Augmented, augmentation_contest, labels_of
from keras_recipe.experiments.kept_amounts import explained
from keras_recipe.experiments.kept_labels import Confusion
from keras_recipe.fit_settings import FitSettings
from keras_recipe.task import Head, Task


def is_class(head: Head) -> bool:
    """Whether an output names one class a row."""
    return head.kind in ("binary", "multiclass") and head.structure == "sample"


def moved_away(
    one: Augmented,
    model: Any,
    task: Task,
    fit: FitSettings,
    limits: dict[str, Any],
) -> Result:
    """Judge augmented rows whose amounts should have changed along, as places in a picture."""
    head = task.heads[0]
    y = np.asarray(leaves(one.rows.y)[head.target or 0])
    plain, changed = explained(one.plain, one.changed, y, limits["seed"])
    if plain < limits["least"] or changed > limits["ratio"] * plain:
        return passed(f"{one.text}: the targets stay true", where=one.where)
    text = (
        f"{one.text}: a simple model of the plain rows explains {plain:.0%} of the targets of "
        f"unseen ones and {max(changed, 0):.0%} of the same augmented"
    )
    fields: dict[str, Any] = {
        "measured": changed,
        "expected": plain,
        "unit": "share of the targets' variance",
        "where": one.where,
        "cause": "The augmentation moves what the targets tell of, and leaves the targets.",
    }
    fix = Fix(
        text="Change the targets along with the inputs, or leave this augmentation out.",
        code="y = y * [1, -1]  # the place in a mirrored picture",
    )
    found = _tried(text, fix, fields, (model, head, fit, one, task), limits)
    is_moot = found.status is Status.WARN and found.fix is not None and found.fix.tried
    return passed(found.message, where=one.where) if is_moot else found


def confused(
    one: Augmented,
    found: list[Confusion],
    model: Any,
    head: Head,
    fit: FitSettings,
    limits: dict[str, Any],
) -> Result:
    """Judge augmented rows that can't be told from plain rows of another class."""
    worst = found[0]
    text = (
        f"{one.text}: {worst.share:.0%} of the augmented rows of class {worst.own} are taken "
        f"for class {worst.other} ({worst.plain:.0%} without augmentation) and can't be told "
        f"from true ones ({worst.apart:.1f} deviations on {2 * worst.rows} rows; "
        f"{worst.before:.1f} for plain rows of the two)"
    )
    fields: dict[str, Any] = {
        "measured": worst.share,
        "expected": worst.plain,
        "unit": "share of a class's rows taken for another class",
        "where": one.where,
        "cause": "The augmentation makes of one class another, and keeps the label.",
        "evidence": {"confusions": [[c.own, c.other, c.share, c.plain] for c in found]},
    }
    fix = Fix(
        text="Leave this augmentation out, or change the label along with the input.",
        code="y = mapping[y]  # of the augmented rows",
    )
    classes = sorted({number for c in found for number in (c.own, c.other)})
    return _tried(text, fix, fields, (model, head, fit, one, classes), limits)


def thrown_out(
    one: Augmented,
    share: float,
    model: Any,
    head: Head,
    fit: FitSettings,
    limits: dict[str, Any],
) -> Result:
    """Judge augmented rows whose numbers are nowhere near those of any plain row."""
    low, high = float(one.plain.min()), float(one.plain.max())
    text = (
        f"{one.text}: {share:.0%} of the augmented numbers lie far outside the {low:.3g} to "
        f"{high:.3g} of the rows as they are ({one.changed.min():.3g} to "
        f"{one.changed.max():.3g})"
    )
    fields: dict[str, Any] = {
        "measured": share,
        "expected": 0.0,
        "unit": "share of augmented numbers far out of range",
        "where": one.where,
        "cause": "The augmentation was made for numbers on another scale (0 to 255, say): the "
        "net is trained on other inputs than it predicts from.",
    }
    fix = Fix(
        text="Tell the layer the range of the inputs, or scale them before it.",
        code=f"keras.layers.RandomBrightness(0.2, value_range=({low:.3g}, {high:.3g}))",
    )
    classes = [int(number) for number in np.unique(labels_of(one.rows, head))]
    return _tried(text, fix, fields, (model, head, fit, one, classes), limits)


def _tried(
    text: str, fix: Fix, fields: dict[str, Any], trial: tuple[Any, ...], limits: dict[str, Any]
) -> Result:
    """Judge by training with the augmentation and without."""
    try:
        race = augmentation_contest(*trial, **limits)
    except NotApplicable as reason:
        return warned(f"{text}; not tried: {reason}", fix=fix, **fields)
    if race is None:
        return warned(f"{text}; a comparison would take too long", fix=fix, **fields)
    before, after = race.reached
    tried = {"before": before, "after": after, "unit": "share of the classes told"}
    fix = Fix(text=fix.text, code=fix.code, tried={**tried, "steps": race.steps[-1]})
    told = "of these classes the net tells" if is_class(trial[1]) else "the net learns"
    text = f"{text}; {told} {before:.0%}, and {after:.0%} without it"
    if race.harmed(least=limits["least"], ratio=limits["ratio"]):
        return failed(text, fix=fix, **fields)
    return warned(text, fix=fix, **fields)
