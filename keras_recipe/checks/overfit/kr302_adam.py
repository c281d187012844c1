from collections.abc import Callable
from functools import partial
from typing import Any

import keras

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.contest import Side, contest, split_rows, steps_for
from keras_recipe.experiments.skill import skill
from keras_recipe.experiments.trial import has_own_step
from keras_recipe.subject import FitSettings
from keras_recipe.surgery.optimizer import (
    innermost,
    is_warming_up,
    other_optimizer,
    rate_of,
    replace_optimizer,
    restarted,
    schedule_of,
)
from keras_recipe.task import Task


def _others(optimizer: Any) -> list[tuple[str, str, Callable[[], Any]]]:
    """Return other rates for the same optimizer, in words, in code, and how to make them."""
    inner = innermost(optimizer)
    if schedule_of(inner) is not None:
        return []
    rates = [rate_of(inner) * factor for factor in (0.1, 10.0)]
    return [
        (
            f"a rate of {rate:.3g}",
            f"model.optimizer.learning_rate = {rate:.3g}",
            partial(restarted, inner, learning_rate=rate),
        )
        for rate in rates
    ]


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
        optimizer gets a second order before a FAIL.
    """
    if sample.y is None or not model.trainable_variables or len(sample) < 16:
        msg = "there is nothing to train on"
        raise NotApplicable(msg)
    steps, planned = steps_for(model, fit, int(most_steps))
    if has_own_step(model) or is_warming_up(model.optimizer, steps, planned):
        msg = "the training step is the model's own, or the rate is still warming up"
        raise NotApplicable(msg)
    rows, held = split_rows(sample, seed)
    before = Side(rows=rows, score=lambda: skill(model, task, held))

    def race(make: Callable[[], Any], least: float) -> Any:
        def during(one: Any) -> Any:
            return other_optimizer(one, make())

        return contest(
            model,
            before,
            Side(rows=rows, score=before.score, during=during),
            steps=steps,
            planned=planned,
            batch_size=min(fit.batch_size, len(rows)),
            seed=seed,
            least=least,
            ratio=ratio,
            seconds=seconds,
            enough=enough,
        )

    found = race(partial(keras.optimizers.Adam, 1e-3), least)
    name, rate = type(innermost(model.optimizer)).__name__, rate_of(model.optimizer)
    if found is None:
        return passed(f"{name} at {rate:.3g} trains; a comparison would take too long")
    mine, others = found.reached
    text = f"{name} at {rate:.3g} explains {mine:.0%} of the labels in {steps} steps"
    if mine >= enough:
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
    words, code, make = _mending(model, race, others)
    tried = {"before": mine, "after": others, "unit": "share explained", "steps": steps}
    fix = Fix(
        text=f"Use {words}.",
        code=code,
        action=lambda one: replace_optimizer(one, make()),
        tried=tried,
    )
    cause = f"The optimizer or its rate stands in the way: {words} mends it."
    if found.harmed(least=least, ratio=ratio):
        return failed(text, cause=cause, fix=fix, **fields)
    return warned(text, cause=cause, fix=fix, **fields)


def _mending(model: Any, race: Any, reached: float) -> tuple[str, str, Callable[[], Any]]:
    """Return the smallest change that learns nearly as well: another rate, or Adam."""
    for words, code, make in _others(model.optimizer):
        again = race(make, float("inf"))  # no second order: nothing is judged by it
        if again is not None and again.reached[1] >= 0.8 * reached:
            return words, code, make
    code = "model.compile(keras.optimizers.Adam(1e-3), ...)"
    return "Adam at its default rate of 0.001", code, partial(keras.optimizers.Adam, 1e-3)
