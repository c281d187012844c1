"""Rules about two splits that ought to be alike; each gives a finding or None."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from keras_recipe.core.result import Fix, Result, failed, warned
from keras_recipe.data.batch import leaves
from keras_recipe.data.crossfit import Answer, CrossFit
from keras_recipe.data.recoding import blank_columns, change_inputs, change_targets, recode
from keras_recipe.data.regions import skill_in_unseen_regions
from keras_recipe.experiments.leaking import leak
from keras_recipe.experiments.mapping import Mapping, Scale, mapped, scale_of
from keras_recipe.experiments.undoing import undoing

ONE_WAY = Fix(
    text="Send every split through the same preprocessing, best as layers of the model.",
    code="keras.layers.Normalization()  # adapted on the training rows; or Rescaling(1 / 255)",
)


SURE = 5.0  # deviations from chance that are met once in millions of programs
WIDER = 5.0  # ratio of the deviations of two samples of one target that has a reason


def inputs(fit: CrossFit, apart: float, *, course: bool) -> Result | None:
    """Judge inputs by the change that makes the splits look alike.

    Rows stored as a course over time drift by themselves: there a scale is no proof.
    """
    before = fit.same_inputs
    if before.skill < apart / 2 or before.z < SURE or fit.validation is None:
        return None
    undone = undoing(fit.training, fit.validation, before, fit.seed)
    if undone is None:
        return None
    return (warned if course and undone.drift else failed)(
        f"a simple model tells validation from training inputs ({undone.before:.0%} above "
        f"guessing), and not after `{undone.code}` ({undone.after:.0%})",
        measured=undone.before,
        expected=undone.after,
        unit="skill at telling the splits apart",
        where="x_val",
        cause=f"One of the splits was preprocessed in another way: {undone.text}.",
        fix=Fix(
            text=ONE_WAY.text,
            code=f"x_val = {undone.code}",
            data=partial(
                change_inputs, change=undone.make, place=undone.place, splits=["validation"]
            ),
            tried={
                "before": undone.before,
                "after": undone.after,
                "unit": "skill at telling the splits apart",
                "steps": 0,
            },
        ),
    )


def labels(answer: Answer, gain: float, clear: float) -> Result | None:
    """Judge labels by what a simple model, learned from the training labels, reads."""
    place = answer.question.place
    mine = leaves(answer.rows.y)[place]
    other = leaves((answer.held_rows or answer.rows).y)[place]
    if answer.question.classes:
        found = mapped(answer, mine, other, gain)
        return None if found is None else _numbered_apart(answer, found, other)
    scale = scale_of(answer)
    if scale is None or abs(scale.z) < SURE or answer.signal.skill < clear / 2:
        return None
    if scale.correlation < -clear / 2:
        said = f"run the other way (correlation {scale.correlation:.2f} with a simple model)"
    elif scale.correlation > clear / 2 and not 1 / WIDER < scale.factor < WIDER:
        said = f"spread {scale.factor:.3g} times as wide"
    else:
        return None
    return _scaled_apart(answer, scale, said)


def _numbered_apart(answer: Answer, found: Mapping, held: np.ndarray) -> Result:
    said = ", ".join(f"{a:g} means {b:g}" for a, b in found.pairs[:6])
    return failed(
        f"class numbers mean something else in validation: {said} of training (a simple model "
        f"agrees with {found.as_given:.0%} of these labels as they are, with "
        f"{found.as_mapped:.0%} as they are meant)",
        measured=found.as_given,
        expected=found.in_training,
        unit="share of rows",
        where=answer.question.name,
        cause="Labels were numbered in each split by itself (by a label encoder, by the order "
        "of folders), or one of the splits counts from another number.",
        fix=Fix(
            text="Number the classes once, for all splits.",
            code="encoder.fit(y_train); y_val = encoder.transform(y_val)",
            data=_numbered_alike(answer, found, held),
        ),
        evidence={"pairs": [list(pair) for pair in found.pairs]},
    )


def _scaled_apart(answer: Answer, found: Scale, said: str) -> Result:
    return failed(
        f"validation targets {said}, against those of training",
        measured=found.factor,
        expected=1.0,
        unit="ratio of deviations",
        where=answer.question.name,
        cause="Targets were scaled, or turned, in one of the splits only.",
        fix=Fix(
            text="Scale the targets of every split alike.",
            code="y_val = (y_val - m) / s",
            data=_scaled_alike(answer, found),
        ),
    )


def _numbered_alike(
    answer: Answer, found: Mapping, held: np.ndarray
) -> Callable[[Any], Any] | None:
    """Return what gives validation labels the numbers of training; None for vectors."""
    if held.size != len(held):
        return None
    place = answer.question.place
    return partial(recode, table=dict(found.pairs), place=place, splits=["validation"])


def _scaled_alike(answer: Answer, found: Scale) -> Callable[[Any], Any]:
    """Return what gives validation targets the mean and deviation of those of training."""
    mine, held = answer.y.values[:, 0], answer.held_y.values[:, 0]
    slope = float(np.copysign(mine.std() / max(held.std(), 1e-12), found.correlation))
    shift = float(mine.mean() - slope * held.mean())
    return partial(
        change_targets,
        change=lambda y: np.asarray(slope * y + shift, "float32"),
        place=answer.question.place,
        splits=["validation"],
    )


def leaking(answer: Answer, sure: float, gone: float) -> Result | None:
    """Judge single features that know the target in training only."""
    if answer.held_rows is None:
        return None
    x, other = leaves(answer.rows.x), leaves(answer.held_rows.x)
    shares = [part.values.mean(0) for part in (answer.y, answer.held_y)]
    moved = answer.y.classes and np.abs(shares[0] - shares[1]).sum() > 1
    if moved or not answer.held_y.varied:
        return None
    found = leak(x, other, answer.y, answer.held_y, sure=sure, gone=gone)
    if found is None:
        return None
    known = len(x) == 1 and found.place < x[0][0].size  # no mean or spread of a row
    return failed(
        f"feature {found.place} alone explains {found.training:.0%} of the target in training, "
        f"and {found.held:.0%} in validation",
        measured=found.training,
        expected=found.held,
        unit="share explained",
        where=f"x[:, {found.place}]",
        cause="The feature carries the target, and is filled in where the target is known.",
        fix=Fix(
            text="Leave out what is not known when the model is used.",
            code=f"x = np.delete(x, {found.place}, axis=1)",
            data=partial(blank_columns, columns=[(0, found.place)]) if known else None,
        ),
    )


def not_carried_over(answer: Answer, least: float, lost: float) -> str:
    """Return what shows that nothing learned in training holds in validation, or ''."""
    own, other = answer.signal, answer.transfer
    if own.skill < least or other.skill > lost * own.skill or other.z > SURE:
        return ""
    held = answer.held_signal
    if held.skill < least or held.z < SURE:
        return ""
    apart = skill_in_unseen_regions(answer.x, answer.y, answer.seed)
    if (
        apart <= lost * own.skill
    ):  # rows come in close groups, and so do those of the other split
        return ""
    return (
        f"simple models explain {own.skill:.0%} of unseen training labels and {held.skill:.0%} "
        f"of unseen validation labels, each learned from its own split, but from training to "
        f"validation only {max(other.skill, 0):.0%}"
    )
