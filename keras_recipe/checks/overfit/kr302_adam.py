import math
from contextlib import closing, suppress
from typing import Any

import keras

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.contest import Side, contest, shares_of, split_rows, steps_for
from keras_recipe.experiments.learning_rate import shuffled, sweep
from keras_recipe.experiments.rate_curve import LearningRateCurve
from keras_recipe.experiments.skill import skill
from keras_recipe.experiments.trial import has_own_step
from keras_recipe.fit_settings import FitSettings
from keras_recipe.surgery.optimizer import (
    innermost,
    is_warming_up,
    rate_of,
    replace_optimizer,
    schedule_of,
)
from keras_recipe.surgery.preserve import preserve
from keras_recipe.surgery.rivals import ADAM, Rival, at_rate, is_like
from keras_recipe.task import Task

NEAR = 0.8  # share of what Adam reaches with which a smaller change mends as well


def _refuse(model: Any, sample: Batch, steps: int, planned: int) -> None:
    """Raise where there is no one optimizer to compare."""
    if sample.y is None or not model.trainable_variables or len(sample) < 16:
        msg = "there is nothing to train on"
        raise NotApplicable(msg)
    if isinstance(innermost(model.optimizer), keras.optimizers.MultiOptimizer):
        msg = "there are several optimizers"
        raise NotApplicable(msg)
    if has_own_step(model) or is_warming_up(model.optimizer, steps, planned):
        msg = "the training step is the model's own, or the rate is still warming up"
        raise NotApplicable(msg)


def _other_rates(optimizer: Any, curve: LearningRateCurve | None) -> list[Rival]:
    """Return the rate that the range test suggests, and one 10 times off the own that way."""
    if schedule_of(optimizer) is not None:
        return []
    own, found = rate_of(optimizer), None if curve is None else curve.suggestion
    if found is None:
        return [at_rate(optimizer, own * factor) for factor in (0.1, 10.0)]
    return [at_rate(optimizer, rate) for rate in (found, own * (10 if found > own else 0.1))]


def _tested(model: Any, rows: Batch, batch_size: int, seed: int) -> LearningRateCurve | None:
    """Return the range test of the optimizer in use, where it can be made."""
    try:
        with preserve(model), closing(shuffled(rows, batch_size, seed)) as batches:
            return sweep(model, batches)
    except NotApplicable:
        return None


@check("KR302", cost="train", requires=("KR101", "KR203"))
def adam(
    model: Any,
    sample: Batch,
    task: Task,
    fit: FitSettings,
    seed: int,
    *,
    most_steps: int = 300,
    enough: float = 0.5,
    least: float = 0.3,
    ratio: float = 0.2,
    seconds: float = 8.0,
) -> Result:
    """The optimizer and its rate learn about as well as Adam at 0.001 in the same steps.

    Why:
        Adam at its default rate forgives most things. An optimizer that learns next to nothing
        where Adam learns has a rate that is too high or too low, or clips its steps away.
    Fix:
        Start with Adam at 0.001 (or the essay's 3e-4); change it when all else is right.
    Tune:
        most_steps: Most steps of each training; the plan's where that has fewer.
        enough: Share of the way from the best constant's loss to the lowest reachable one, on
            held-out rows, with which the optimizer PASSes without a comparison.
        least: Share that Adam must reach for a FAIL.
        ratio: Share of Adam's that the optimizer must stay under for a FAIL, also when its
            last pace goes on to the end of the plan; WARN under twice that.
        seconds: Time after which no further training is started; then it cannot FAIL.
    Source:
        Karpathy 2019, stage 3, "adam is safe". The same weights, rows and order of rows; the
        optimizer gets a second order before a FAIL. A finding shows the range test of the
        optimizer in use, see `find_learning_rate`.
    """
    steps, planned = steps_for(model, fit, int(most_steps))
    _refuse(model, sample, steps, planned)
    rows, held = split_rows(sample, seed)
    batch_size, own = min(fit.batch_size, len(rows)), innermost(model.optimizer)
    before = Side(rows=rows, score=lambda: skill(model, task, held))
    found = contest(
        model,
        before,
        Side(rows=rows, score=before.score, during=ADAM.during),
        steps=steps,
        planned=planned,
        batch_size=batch_size,
        seed=seed,
        least=least,
        ratio=ratio,
        seconds=seconds,
        enough=enough,
        settled=-math.inf if is_like(own, ADAM) else 2 * ratio,  # Adam explains 1 at most
    )
    name, rate = type(own).__name__, rate_of(own)
    if found is None:
        return passed(f"{name} at {rate:.3g} trains; a comparison would take too long")
    mine, others = found.reached
    text = f"{name} at {rate:.3g} explains {mine:.0%} of the labels in {steps} steps"
    if not found.compared:
        if is_like(own, ADAM):
            text = f"{text}; it is Adam at 0.001 itself"
        elif mine < enough:
            text = f"{text}, about {found.expected:.0%} by the end of the plan"
        return passed(text, measured=mine, expected=enough, unit="share explained")
    text = f"{text}, Adam at 0.001 {others:.0%}"
    fields: dict[str, Any] = {
        "measured": mine,
        "expected": others,
        "unit": "share explained",
        "evidence": {
            "steps": list(found.steps),
            "as it is": [list(map(float, one)) for one in found.before],
            "Adam": list(map(float, found.after)),
            "planned": planned,
        },
    }
    if not found.harmed(least=least, ratio=2 * ratio):
        return passed(text, **fields)
    curve = _tested(model, rows, batch_size, seed)
    if curve is not None:
        fields["pictures"] = [curve.picture()]
        fields["evidence"]["range test"] = curve.to_dict()
    best, after = ADAM, others
    for one in _other_rates(own, curve):
        side, reached = Side(rows=rows, score=before.score, during=one.during), 0.0
        with suppress(NotApplicable):  # an optimizer of the user's that cannot be made anew
            reached = max(shares_of(model, side, found.steps, batch_size, seed, NEAR * others))
        if reached >= NEAR * others:
            best, after = one, reached
            break
    fix = Fix(
        text=f"Use {best.words}.",
        code=best.code,
        action=lambda one: replace_optimizer(one, best.make()),
        tried={"before": mine, "after": after, "unit": "share explained", "steps": steps},
    )
    cause = f"The optimizer or its rate stands in the way: {best.words} mends it."
    if found.harmed(least=least, ratio=ratio):
        return failed(text, cause=cause, fix=fix, **fields)
    return warned(text, cause=cause, fix=fix, **fields)
