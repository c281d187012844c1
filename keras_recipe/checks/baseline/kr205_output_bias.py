from __future__ import annotations

from typing import Any

from keras_recipe.contract.baselines import baselines
from keras_recipe.contract.first_mean import (
    distance,
    fixed,
    has_mean,
    off_the_mean,
    unit,
    unreachable,
    wrong_bias,
)
from keras_recipe.contract.verdict import worst
from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Result, passed
from keras_recipe.data.batch import Batch
from keras_recipe.fit_settings import FitSettings
from keras_recipe.task import Task


@check("KR205", cost="forward", requires=("KR101", "KR202", "KR203"))
def output_bias(
    model: Any,
    task: Task,
    sample: Batch,
    probe: Batch,
    predictions: Any,
    fit: FitSettings,
    *,
    wasteful: float = 0.5,
    wrong: float = 1.0,
) -> Result:
    """The first predictions are on average what the labels are on average.

    Why:
        With a bias of 0 a classifier of rare events starts at one half, and a regression at 0,
        wherever the labels are: the first steps do nothing but move the bias, and an adaptive
        optimizer moves it by no more than its rate a step. The cost of the mean prediction is
        compared with that of the best constant, through the model's own loss. WARN where
        setting the bias removes most of it; FAIL where the bias that was set is worse than
        none, or where all steps of the planned training, were they to go the same way, fall
        short of the targets' mean.
    Fix:
        `keras_recipe.initialize_output_bias(model, y)`; standardised targets.
    Tune:
        wasteful: Cost of the mean prediction above the best constant, over what the constant
            leaves to learn, that is worth a WARN; no unit. 0.5 is a class of 85 % started at
            one half, or a mean 0.7 standard deviations away.
        wrong: The same above which a bias that was set can be a FAIL; no unit. 1 is a mean a
            standard deviation away, or a balanced class started at 0.97.
    Source:
        Karpathy 2019, stage 2, "init well".
    """
    found: list[Result | None] = []
    known = [
        one for one in baselines(model, task, sample, predictions) if has_mean(one.scored.head)
    ]
    if not known:
        msg = "the best constant of this loss is no average of the labels"
        raise NotApplicable(msg)
    for one in known:
        change = fixed(one, sample) if one.offset >= wasteful else None
        advice = change[0] if change else None
        found += [
            wrong_bias(one, advice, wrong),
            unreachable(one, advice, probe, fit, wasteful),
            off_the_mean(one, change, wasteful),
        ]
    said = "; ".join(f"{distance(one):.3g} {unit(one)}" for one in known)
    return worst(found) or passed(
        f"The mean of the first predictions is {said} off that of the labels.",
        measured=distance(known[0]),
        expected=0.0,
        unit=unit(known[0]),
    )
