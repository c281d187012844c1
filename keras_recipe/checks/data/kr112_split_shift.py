from collections.abc import Mapping
from typing import Any

from keras_recipe.contract.label_shift import label_shift
from keras_recipe.contract.split_rules import (
    ONE_WAY,
    inputs,
    labels,
    leaking,
    not_carried_over,
)
from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.contents import Contents, copies
from keras_recipe.data.crossfit import Answer, CrossFit
from keras_recipe.data.order import Order
from keras_recipe.data.own_scales import OwnScale, own_scale
from keras_recipe.data.statistics import Statistics


def _drifted(
    fit: CrossFit, answers: list[Answer], fields: dict[str, Any], **limits: float
) -> Result | None:
    """Judge labels that are spread in another way, and inputs that are told apart."""
    level = limits["level"] / len(answers) if answers else limits["level"]
    shifts = [label_shift(answer, limits["effect"], level) for answer in answers]
    said = [shift for shift in shifts if shift]
    if fit.same_inputs.skill >= limits["apart"]:
        skill = fit.same_inputs.skill
        said.append(f"a simple model tells the inputs apart, {skill:.0%} above guessing")
    if not said:
        return None
    return warned(
        f"validation is not drawn like training: {'; '.join(said)}",
        cause="A split by time or by source, or another preprocessing.",
        fix=ONE_WAY,
        **fields,
    )


def _own_scale_of(
    splits: Mapping[str, Statistics],
    samples: Mapping[str, Batch],
    contents: Mapping[str, Contents],
    opening: Batch | None,
) -> tuple[str, OwnScale] | None:
    """Return a split that was scaled by itself, as the training rows were."""
    mine, rows = splits["training"], samples["training"]
    stored = leaves(opening.x) if opening is not None else None
    for split, held in splits.items():
        if split == "training" or copies(contents[split], contents["training"]).share > 1 / 2:
            continue  # the training rows again have their mean, too
        for part, of_first in (("x", stored), ("y", None)):
            known, other = getattr(mine, part), getattr(held, part)
            some = [leaves(getattr(one, part)) for one in (rows, samples[split])]
            if len(known) == len(other) == len(some[0]) == len(some[1]) and (
                found := own_scale(known, other, (some[0], some[1]), of_first)
            ):
                return split, found
    return None


def _scaled_alone(one: tuple[str, OwnScale] | None) -> Result | None:
    if one is None:
        return None
    split, found = one
    return warned(
        f"{found.name} was scaled in {split} by itself, as in training by itself: in both "
        f"{found.what}",
        measured=found.off,
        expected=found.chance,
        unit="input units",
        where=f"{split} {found.name}",
        cause="The scaler was fitted again on these rows (fit_transform): what sets them apart "
        "from the training rows is gone, and one number means two things. No harm where both "
        "are drawn alike and large, or each group of rows is meant to be scaled by itself; a "
        "single row to predict has no scale of its own.",
        fix=Fix(
            text="Fit the scaler on the training rows, and only apply it to the others.",
            code="scaler.fit(x_train); x_val = scaler.transform(x_val)",
        ),
    )


@check("KR112", cost="train", requires=("KR101",))
def split_shift(
    crossfit: CrossFit,
    orders: Mapping[str, Order],
    splits: Mapping[str, Statistics],
    samples: Mapping[str, Batch],
    contents: Mapping[str, Contents],
    *,
    apart: float = 0.8,
    gain: float = 0.1,
    clear: float = 0.5,
    leaked: float = 0.9,
    gone: float = 0.3,
    lost: float = 0.25,
    effect: float = 0.3,
    level: float = 1e-6,
) -> Result:
    """Training and validation rows are drawn alike, preprocessed alike and labelled alike.

    Why:
        A split that was scaled in another way, or has its classes numbered in another order,
        looks like overfitting, and no regularisation helps.
    Fix:
        One preprocessing and one numbering of the classes for all splits; no feature that is
        known in training only.
    Tune:
        apart: Skill of a simple model at telling the splits apart (0 guesses, 1 is never
            wrong) from which on the inputs differ; a FAIL needs a single change that undoes it.
        gain: Share of the validation rows that must be read right under other class numbers
            and wrong under their own.
        clear: Share explained that counts as a clear relation.
        leaked: Share of the target that a single feature must explain in training to count as
            the target itself.
        gone: Share of that in validation up to which it is missing there.
        lost: Share of the training skill up to which nothing carries over to validation.
        effect: Difference of the shares of classes, or of the distributions of an amount, from
            which on it WARNs; as they are and as they are weighted.
        level: Largest probability of that difference among rows drawn alike.
    Source:
        Lopez-Paz and Oquab 2017, "Revisiting classifier two-sample tests"; Rabanser et al.
        2019, "Failing loudly"; Lipton et al. 2018 for label shift. Rows held out by time drift
        by nature: that alone only WARNs, and so do splits of which each has mean 0 and
        deviation 1 within 0.3 % of the standard errors, or rounded nowhere the same two ends:
        scaled away, a shift cannot be seen any more.
    """
    if crossfit.validation is None:
        msg = "there is no validation data to compare with"
        raise NotApplicable(msg)
    if not len(crossfit.features[1]) or not leaves(crossfit.validation.y):
        msg = "training and validation rows have different shapes, or no labels"
        raise NotApplicable(msg)
    course = orders["training"].is_course
    if found := inputs(crossfit, apart, course=course):
        return found
    answers = [a for a in crossfit.answers() if len(a.held_y.values)]
    for answer in answers:
        if found := leaking(answer, leaked, gone):
            return found
        if found := labels(answer, gain, clear):
            return found
    fields: dict[str, Any] = {
        "measured": crossfit.same_inputs.skill,
        "expected": 0.0,
        "unit": "skill at telling the splits apart",
        "where": "validation",
    }
    for answer in answers:
        if text := not_carried_over(answer, clear, lost):
            say = warned if course else failed
            return say(
                text,
                cause="The inputs, or the labels, mean something else in validation: another "
                "vocabulary, another preprocessing, a feature that is only known in training.",
                fix=ONE_WAY,
                **fields,
            )
    most = 2.0 if course else apart  # windows over one stretch of time are known by it
    alone = _scaled_alone(_own_scale_of(splits, samples, contents, crossfit.opening))
    limits = {"apart": most, "effect": effect, "level": level}
    if found := alone or _drifted(crossfit, answers, fields, **limits):
        return found
    skill = max(crossfit.same_inputs.skill, 0.0)
    return passed(
        f"a simple model tells the splits apart by {skill:.0%} above guessing", **fields
    )
