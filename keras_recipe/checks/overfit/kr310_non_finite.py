import math
from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned


def _story(trace: Any, growth: float) -> tuple[str, Fix]:
    """Return the likely cause, by what the gradients did before, and what mends it."""
    tail = [norm for norm in trace.tail if math.isfinite(norm) and norm > 0]
    rate = Fix(
        text="Lower the learning rate and clip the gradient.",
        code="keras.optimizers.Adam(1e-4, clipnorm=1.0)",
    )
    if trace.first_bad and trace.first_bad["step"] == 0:
        return (
            "It is there before any update: NaN in inputs or labels, or a loss that overflows "
            "or takes log(0) at the initial weights.",
            Fix(text="Look for NaN in the data, and scale it.", code="np.isfinite(x).all()"),
        )
    if len(tail) > 1 and max(tail) > growth * min(tail):
        return (
            f"The gradient grew from {min(tail):.3g} to {max(tail):.3g} in the steps before: "
            "the learning rate is too high.",
            rate,
        )
    if trace.first_bad:
        return (
            "It came without warning: log(0), sqrt(0) or a division by 0 in the loss or a "
            "layer, or a NaN in one sample.",
            Fix(text="Keep arguments away from 0.", code="keras.ops.log(x + 1e-7)"),
        )
    return "Numbers grew beyond what the precision holds.", rate


def _where(trace: Any) -> tuple[str, str]:
    """Return what turned bad first in words, and the weight nearest to it."""
    found = trace.first_bad
    if not found:
        return "", ", ".join(trace.bad_weights[:3])
    struck, every = found["weights"], len(trace.shapes)
    # The backward pass goes from the last weight to the first: what is struck lies before it.
    which = "all weights" if len(struck) == every else f"{len(struck)} of {every} weights"
    return f"first in step {found['step']}, in the gradient of {which}", struck[-1]


@check("KR310", cost="live")
def non_finite(trace: Any, *, growth: float = 100.0) -> Result:
    """Loss, gradients and weights stay finite while training.

    Why:
        After one NaN in a weight every later prediction is NaN: the rest of the run is lost.
    Fix:
        Lower the learning rate, clip the gradient, keep log, sqrt and division away from 0,
        look for NaN in the data.
    Tune:
        growth: Factor by which the gradient grows over the last 64 steps to blame the learning
            rate; healthy gradients vary by about 10.
    Source:
        Karpathy 2019, stage 3; keras-team/keras issue 21771.
    """
    losses = trace.series("loss")
    if not losses and not trace.first_bad and not trace.bad_weights:
        msg = "the training has no loss to look at"
        raise NotApplicable(msg)
    bad = [epoch for epoch, loss in enumerate(losses) if not math.isfinite(loss)]
    if not bad and not trace.first_bad and not trace.bad_weights:
        return passed(f"loss, gradients and weights stayed finite for {len(losses)} epochs")
    when, where = _where(trace)
    cause, fix = _story(trace, growth)
    what = "the loss" if bad else "a weight" if trace.bad_weights else "a gradient"
    epoch = f" in epoch {bad[0] + 1}" if bad else ""
    fields: dict[str, Any] = {
        "measured": float(trace.first_bad["step"]) if trace.first_bad else None,
        "unit": "step" if trace.first_bad else "",
        "where": where,
        "cause": cause,
        "fix": fix,
        "evidence": {
            "first_bad": trace.first_bad,
            "bad_weights": trace.bad_weights[:20],
            "gradient_norms_before": trace.tail,
        },
    }
    text = f"{what} became NaN or infinite{epoch}" + (f"; {when}" if when else "")
    lost = trace.bad_weights or (losses and not math.isfinite(losses[-1]))
    if lost:
        return failed(f"{text}; expected finite numbers", **fields)
    survived = "loss scaling skipped the step" if trace.optimizer.get("scales_loss") else ""
    return warned(f"{text}, but the training went on{survived and ': '}{survived}", **fields)
