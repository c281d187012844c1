from functools import partial
from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.experiments.gains import Gain, gain_of
from keras_recipe.experiments.gathered import EVERY_STEP, too_few_updates, updates
from keras_recipe.experiments.progress import (
    clipping,
    fastest,
    gain,
    moved,
    straight,
    update_ratio,
    when,
)
from keras_recipe.experiments.uphill import below_zero
from keras_recipe.surgery.optimizer import multiply_rate, start_over, unclip
from keras_recipe.surgery.plan import Plan

WHERE = {
    "ungathered": "with an update at every step",
    "unclipped": "without the clip",
    "faster": "at a higher rate",
    "slower": "at a lower rate",
}


HIGH = "The steps are too large for this model: the learning rate is too high."
LOW = "The steps are too small for this model: the learning rate is too low."
LOWER = Fix(
    text="Lower the learning rate by 10.",
    code="keras.optimizers.Adam(1e-3)",
    action=partial(multiply_rate, factor=0.1),
)
RAISE = Fix(
    text="Raise the learning rate by 10.",
    code="keras.optimizers.Adam(1e-3)",
    action=partial(multiply_rate, factor=10.0),
)


def _lost(trace: Any) -> bool:
    """Whether the training ended with a NaN that was not there before the first step."""
    losses = trace.series("loss")
    lost = trace.bad_weights or (losses and not np.isfinite(losses[-1]))
    return bool(lost and not (trace.first_bad and trace.first_bad["step"] == 0))


def _grew(trace: Any, growth: float = 100.0) -> bool:
    """Whether the gradients grew in the steps before the NaN."""
    tail = [norm for norm in trace.tail if np.isfinite(norm) and norm > 0]
    return len(tail) > 1 and max(tail) > growth * min(tail)


def _best(trace: Any, least: float) -> tuple[str, Gain] | None:
    """Return the change of the step that brought most, if one brought enough."""
    found = [(name, gain_of(trace, name, least)) for name in WHERE]
    sure = [(name, one) for name, one in found if one is not None and one.beyond > 0]
    return max(sure, key=lambda pair: pair[1].after, default=None)


def _mended(trace: Any, name: str, best: Gain) -> Result:
    clips, ratio = clipping(trace), update_ratio(trace)
    action: Any
    if name == "ungathered":
        code, action = EVERY_STEP.code, EVERY_STEP.action
        text = f"{updates(trace)} updates in {trace.total_steps} steps; "
        cause = "The optimizer gathers gradients over more steps than the training can spare."
    elif name == "unclipped":
        action = unclip
        clip = max(clips, key=lambda one: clips[one])
        text = f"`{clip}` cuts the gradients to 1/{clips[clip]:.3g} of their size; "
        cause = f"`{clip}` is far below the gradients: it takes the steps away."
        code = f"keras.optimizers.SGD(rate, {clip}={clips[clip] * trace.optimizer[clip]:.2g})"
    else:
        text = "" if ratio is None else f"an update was {ratio:.1e} of its weight; "
        action = partial(start_over, learning_rate=best.rate)
        cause = HIGH if name == "slower" else LOW
        code = f"model.optimizer.learning_rate = {best.rate:.3g}"
    return failed(
        f"{text}{best.steps} more steps {WHERE[name]} and it {best.words} "
        f"({best.same:.0%} with more of the same)",
        measured=ratio,
        expected=1e-3,
        unit="update to weight",
        where=f"{when(trace, 0)}, {fastest(trace)}",
        cause=cause,
        fix=Fix(text=f"Train {WHERE[name]}.", code=code, action=action, tried=best.tried),
    )


def _by_size(trace: Any, limits: dict[str, float]) -> Result:
    """Judge by the size of the updates alone."""
    first, last = update_ratio(trace), update_ratio(trace, -1)
    clips = {name: times for name, times in clipping(trace).items() if times > 10}
    fields: dict[str, Any] = {
        "measured": last,
        "expected": 1e-3,
        "unit": "update to weight",
        "where": f"{when(trace, 0)}, {fastest(trace)}" if first else "",
        "evidence": {"first": first, "last": last, "clipping": clips},
    }
    if first is None:
        return passed("the size of the updates is not known", **fields)
    text = f"an update was {first:.1e} of its weight in the first epoch"
    if _lost(trace) and _grew(trace) and first > limits["high"]:
        text = f"{text}; the gradients grew until the loss was no number"
        return failed(text, cause=HIGH, fix=LOWER, **fields)
    if last is None or not _learned_nothing(trace, limits):
        return passed(text, **fields)
    text = f"{text}, {last:.1e} at the end; nothing was learned in {trace.total_steps} steps"
    gone = moved(trace) or 0.0
    leapt = (straight(trace) or 0) > 2  # farther than its usual steps could carry it
    if gone > limits["far"] and (leapt or max(first, last) > limits["high"]):
        where = f"the weights went {gone:.3g} times their size"
        return failed(f"{text}: {where}", cause=HIGH, fix=LOWER, **fields)
    low, near = limits["low"], gone < limits["near"]
    creeps = 0 < last < low and first > 0 and (first < low or near)
    if creeps and (straight(trace) or 0) > 0.5:
        where = f"the weights moved by {gone:.1%} in all"
        return failed(f"{text}: {where}", cause=LOW, fix=RAISE, **fields)
    if clips:
        cause = f"`{min(clips)}` cuts nearly every gradient to less than 10 % of its size."
        return warned(text, cause=cause, fix=Fix(text="Clip at a norm of about 1."), **fields)
    return passed(text, **fields)


def _learned_nothing(trace: Any, limits: dict[str, float]) -> bool:
    """Whether the fit had time to learn, and neither loss nor accuracy shows that it did."""
    got, skill, nothing = gain(trace), trace.onward.get("skill"), limits["nothing"]
    if (trace.total_steps or 0) < limits["steps"]:
        return False
    if got is None:  # a summed loss, say
        return skill is not None and skill <= nothing
    # right answers at an awful loss are luck
    return bool(got <= nothing and (skill is None or skill <= nothing or got < -1.0))


@check("KR318", cost="static")
def learning_rate(
    plan: Plan,
    *,
    least: float = 0.2,
    high: float = 0.01,
    far: float = 2.0,
    low: float = 1e-4,
    near: float = 0.25,
    nothing: float = 0.05,
    steps: int = 50,
) -> Result:
    """The steps are of a size that learns: about 1e-3 of the weights, uphill never.

    Why:
        A rate too low looks like a hard problem, one too high like noise; a clip far below the
        gradients takes the steps away whatever the rate, and so do gradients gathered over
        more steps than a training has.
    Fix:
        Change the rate by 10, or start over with Adam at 0.001; clip at a norm of about 1.
    Tune:
        least: Share of what can be learned that another rate, or no clip, must bring to FAIL,
            trained on with it after the fit: beyond the same without it.
        high: Update to weight norm, the kernels' median of the first or last epoch, from which
            a net that learned nothing FAILs, if its weights went far; less will do where a few
            steps made most of the way.
        far: Change of a kernel from beginning to end, relative to its size, that is far.
        low: The same from which down it does, if its kernels went straight on: of both epochs;
            of the last where no kernel went farther than `near`. At 0 no rate is to blame:
            most kernels get no gradient (KR219).
        near: Change of a kernel from beginning to end, relative to its size, up to which steps
            that only began above `low` have not led away from the start either.
        nothing: Share of the best constant's loss under which nothing was learned.
        steps: Optimizer steps below which the two say nothing.
    Source:
        Karpathy, CS231n, "ratio of weights:updates" (1e-3); DeepDiagnosis alarms at a factor
        of 100.
    """
    rate, trace = plan.optimizer.get("learning_rate"), plan.trace
    if found := below_zero(plan):
        return found
    best = None if trace is None else _best(trace, least)
    if best is not None:
        return _mended(trace, *best)
    if few := too_few_updates(plan):
        return few
    if trace is None:
        text = "the optimizer's own" if rate is None else f"{rate:.3g}, before the first step"
        return passed(f"the learning rate is {text}", measured=rate, unit="rate")
    limits = {"high": high, "far": far, "low": low, "near": near}
    return _by_size(trace, {**limits, "nothing": nothing, "steps": steps})
