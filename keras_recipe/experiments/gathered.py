"""Gradients gathered over several steps: how many updates a training makes of them."""

from __future__ import annotations

from functools import partial
from typing import Any

from keras_recipe.core.result import Fix, Result, failed, warned
from keras_recipe.surgery.optimizer import start_over
from keras_recipe.surgery.plan import Plan

FEW = 100  # updates below which it is tried what one a step would bring; KR304's `strong`
HANDFUL = 10  # updates below which a training is warned of
EVERY_STEP = Fix(
    text="Make an update at every step, or gather fewer steps.",
    code="keras.optimizers.Adam(1e-3)  # without gradient_accumulation_steps",
    action=partial(start_over, gradient_accumulation_steps=None),
)


def gathered(optimizer: Any) -> int:
    """Return over how many steps gradients are gathered for an update; 1: an update a step.

    Args:
        optimizer: The facts of `surgery.plan.optimizer_facts`.
    """
    return max(1, int(optimizer.get("gradient_accumulation_steps") or 1))


def updates(trace: Any) -> int | None:
    """Return the updates that a fit made; None where its steps are not known."""
    made, each = trace.total_steps, gathered(trace.optimizer)
    return None if made is None else (made + _begun(trace.optimizer)) // each


def _begun(optimizer: Any) -> int:
    """Return the steps whose gradients were gathered before the fit."""
    return int(optimizer.get("steps_gathered") or 0)


def too_few_updates(plan: Plan) -> Result | None:
    """A training must hold more than a handful of updates.

    Without any the weights stay as they are, which FAILs. WARN where one epoch is planned,
    which may be part of a loop, and where there are less than 10.
    """
    each = gathered(plan.optimizer)
    total = (plan.steps or 0) * plan.epochs
    if plan.trace is not None:
        total = plan.trace.total_steps or 0
    if each == 1 or not total:
        return None
    count = (total + _begun(plan.optimizer)) // each
    if count >= HANDFUL:
        return None
    none = count == 0
    verdict = failed if none and plan.epochs > 1 else warned
    made = "no update at all" if none else f"{count} update{'s'[: count != 1]}"
    rest = ": no weight changes" if none else ""
    return verdict(
        f"{made} in {total} steps: the optimizer gathers the gradients of {each} steps for "
        f"each{rest}",
        measured=float(count),
        expected=float(total),
        unit="updates",
        where=f"gradient_accumulation_steps={each}",
        cause="gradient_accumulation_steps counts steps; this many are more than the training "
        "has, or nearly.",
        fix=EVERY_STEP,
    )
