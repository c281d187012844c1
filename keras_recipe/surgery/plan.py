"""A training as it is planned: the optimizer's settings and its rate over all the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from keras_recipe.surgery.callback_rates import rates_by_epoch, unforeseen
from keras_recipe.surgery.optimizer import innermost, schedule_of
from keras_recipe.surgery.schedule import rates_at

#: Settings of an optimizer that decide how large its updates are.
OPTIONS = ("clipnorm", "global_clipnorm", "clipvalue", "weight_decay")
POINTS = 100  # rates looked at over a plan


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a fit would do, and its trace where it was done.

    Attributes:
        epochs: Epochs planned.
        steps: Steps an epoch; None where not known.
        rates: Rates of up to 100 evenly spaced steps of the plan; empty where no schedule
            decides, or the steps are not known.
        optimizer: `name`, `scales_loss`, the `learning_rate` of the first step, and those of
            `OPTIONS` that are set; `ema_momentum` where it averages the weights;
            `gradient_accumulation_steps` and `steps_gathered`, those whose gradients wait.
        trace: The `Trace` of the fit; None before it.
        unforeseen: Names of callbacks that will change the rate in a way nobody can foresee.
        by_callback: Whether `rates` are those of a callback, which counts epochs.
        monitors: What callbacks watch in the logs; see `surgery.monitored`.
    """

    epochs: int
    steps: int | None
    rates: Sequence[float] = ()
    optimizer: Mapping[str, Any] = field(default_factory=dict)
    trace: Any = None
    unforeseen: Sequence[str] = ()
    by_callback: bool = False
    monitors: Sequence[Mapping[str, Any]] = ()


def plan(model: Any, epochs: int, steps: int | None, callbacks: Any = None) -> Plan:
    """Return the plan of a fit of a compiled model.

    Args:
        model: The model.
        epochs: Epochs planned.
        steps: Steps an epoch; None where not known.
        callbacks: As `fit` would be given.
    """
    rates: list[float] = []
    with suppress(Exception):  # a schedule of the user's may want what there is not yet
        rates = _simulated(model.optimizer, epochs * (steps or 0))
    facts = optimizer_facts(model)
    by_epoch = rates_by_epoch(callbacks, facts.get("learning_rate"), epochs)
    if by_epoch and steps and not rates:
        rates = [by_epoch[mark // steps] for mark in _marks(epochs * steps)]
    return Plan(
        epochs=epochs,
        steps=steps,
        rates=rates,
        optimizer=facts,
        unforeseen=unforeseen(callbacks),
        by_callback=bool(by_epoch and rates),
    )


def optimizer_facts(model: Any) -> dict[str, Any]:
    """Return the optimizer's name and settings, and whether it scales the loss."""
    outer = getattr(model, "optimizer", None)
    inner = innermost(outer)
    name = inner.__class__.__name__ if inner is not None else None
    known = {"learning_rate": _rate(inner)}
    known |= {option: getattr(inner, option, None) for option in OPTIONS}
    if getattr(inner, "use_ema", False):
        known["ema_momentum"] = inner.ema_momentum
    known |= _gathering(inner)
    numbers = {key: float(v) for key, v in known.items() if isinstance(v, int | float) and v}
    return {"name": name, "scales_loss": inner is not outer, **numbers}


def _gathering(optimizer: Any) -> dict[str, int]:
    """Return over how many steps gradients are gathered, and for how many they are now."""
    each = getattr(optimizer, "gradient_accumulation_steps", None)
    if not each:
        return {}
    now = int(keras.ops.convert_to_numpy(optimizer.iterations))
    return {"gradient_accumulation_steps": int(each), "steps_gathered": now % int(each)}


def _rate(optimizer: Any) -> float | None:
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        return None
    with suppress(Exception):  # several optimizers have no rate in common
        # by way of text, so that float32's 0.001 is not 0.0010000000474974513
        return float(str(keras.ops.convert_to_numpy(optimizer.learning_rate)))
    return None


def _simulated(optimizer: Any, total: int) -> list[float]:
    """Return the rates of up to `POINTS` of the next `total` steps by the schedule."""
    schedule = schedule_of(optimizer)
    if schedule is None or not total:
        return []
    now = int(keras.ops.convert_to_numpy(innermost(optimizer).iterations))
    return rates_at(schedule, [now + mark for mark in _marks(total)])


def _marks(total: int) -> list[int]:
    """Return up to `POINTS` evenly spaced steps out of `total`."""
    return [int(mark) for mark in np.unique(np.linspace(0, total - 1, POINTS).astype("int64"))]
