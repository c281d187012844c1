"""Learning rates below zero: at once, or where a plan overshoots zero."""

from __future__ import annotations

import numpy as np

from keras_recipe.core.result import Fix, Result, failed
from keras_recipe.experiments.progress import rates
from keras_recipe.surgery.plan import Plan

ROUNDING = 0.01  # of the largest rate in size: less below zero is where a decay ends


def below_zero(plan: Plan) -> Result | None:
    """Return the finding on a rate that is negative or becomes so; None if none does.

    Args:
        plan: The plan; the rates met in the epochs of a finished fit are its trace's.
    """
    first = plan.optimizer.get("learning_rate")
    told = [*([] if first is None else [first]), *plan.rates]
    known = np.array([*told, *(() if plan.trace is None else rates(plan.trace))], "float64")
    worst = float(known.min(initial=0.0))
    if not worst < -ROUNDING * float(np.abs(known).max(initial=0.0)):
        return None
    at_once = first is not None and first < 0
    largest = float(np.abs(known).max())
    return failed(
        f"the learning rate {'is' if at_once else 'goes down to'} {worst:.3g}; expected a "
        "number above 0",
        measured=worst,
        expected=0.0,
        unit="rate",
        cause="A negative rate climbs the loss: every step unlearns.",
        fix=Fix(
            text="Take a rate above 0." if at_once else "Let the plan end above 0.",
            code=f"model.optimizer.learning_rate = {abs(worst):.3g}"
            if at_once
            else f"rate = max({1e-3 * largest:.2g}, rate)",
        ),
    )
