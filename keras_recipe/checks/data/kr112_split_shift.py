from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from scipy.stats import chi2_contingency, ks_2samp

from keras_recipe.contract.split_rules import (
    ONE_WAY,
    inputs,
    labels,
    leaking,
    not_carried_over,
)
from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Result, failed, passed, warned
from keras_recipe.data.batch import leaves
from keras_recipe.data.crossfit import Answer, CrossFit
from keras_recipe.data.order import Order
from keras_recipe.experiments.mapping import classes_of


def _label_shift(fit: CrossFit, answer: Answer, effect: float, level: float) -> str:
    place = answer.question.place
    parts = (fit.training, fit.validation or fit.training)
    a, b = (leaves(part.y)[place] for part in parts)
    if answer.question.classes:
        mine, other = classes_of(a), classes_of(b)
        known = np.union1d(mine, other)
        table = np.array([[(part == c).sum() for c in known] for part in (mine, other)])
        shares = table / table.sum(1, keepdims=True)
        gap = float(np.abs(shares[0] - shares[1]).sum() / 2)
        p = float(chi2_contingency(table).pvalue) if len(known) > 1 else 1.0
        said = f"shares of classes differ by {gap:.0%}"
    else:
        test = ks_2samp(answer.y.given, answer.held_y.given)
        gap, p = float(test.statistic), float(test.pvalue)
        said = f"distributions of the target differ by {gap:.0%} (Kolmogorov-Smirnov)"
    return said if gap > effect and p < level else ""


def _worth_a_look(
    fit: CrossFit, answers: list[Answer], apart: float, effect: float, level: float
) -> Iterator[str]:
    for answer in answers:
        if said := _label_shift(fit, answer, effect, level / len(answers)):
            yield said
    if fit.same_inputs.skill >= apart:
        skill = fit.same_inputs.skill
        yield f"a simple model tells the inputs apart, {skill:.0%} above guessing"


@check("KR112", cost="train", requires=("KR101",))
def split_shift(
    crossfit: CrossFit,
    orders: Mapping[str, Order],
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
            which on it WARNs.
        level: Largest probability of that difference among rows drawn alike.
    Source:
        Lopez-Paz and Oquab 2017, "Revisiting classifier two-sample tests"; Rabanser et al.
        2019, "Failing loudly"; Lipton et al. 2018 for label shift. Rows held out by time drift
        by nature: that alone only WARNs.
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
        if found := leaking(answer, crossfit, leaked, gone):
            return found
        if found := labels(answer, crossfit, gain, clear):
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
    if said := list(_worth_a_look(crossfit, answers, most, effect, level)):
        text = "; ".join(said)
        return warned(
            f"validation is not drawn like training: {text}",
            cause="A split by time or by source, or another preprocessing.",
            fix=ONE_WAY,
            **fields,
        )
    skill = max(crossfit.same_inputs.skill, 0.0)
    return passed(
        f"a simple model tells the splits apart by {skill:.0%} above guessing", **fields
    )
