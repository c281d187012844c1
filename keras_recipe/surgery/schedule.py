"""The learning rate's schedule: its peak, switched off and on, or held at a number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import keras
import numpy as np

from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.core.said import said
from keras_recipe.surgery.compiled import remake
from keras_recipe.surgery.optimizer import (
    innermost,
    other_optimizer,
    rate_of,
    restarted,
    schedule_of,
)
from keras_recipe.surgery.weight_decay import optimizers

HORIZON = 10_000_000  # steps looked through for a peak; the longest warm-ups take some 10,000
POINTS = 40  # steps looked at in each pass

#: The schedule an optimizer had, and the constant one that took its place.
_ORIGINALS: WeakKeyDictionary[Any, tuple[Any, Any]] = WeakKeyDictionary()


def peak_of(optimizer: Any) -> float:
    """Return the highest rate that the optimizer's schedule gives, its rate if it has none.

    Looks at steps that grow by a constant factor, then at those around the highest.
    """
    schedule = schedule_of(optimizer)
    if schedule is None:
        return rate_of(optimizer)
    steps = np.unique(np.r_[0, np.geomspace(1, HORIZON, POINTS).astype("int64")])
    rates = rates_at(schedule, steps)
    at = int(np.argmax(rates))
    low, high = steps[max(at - 1, 0)], steps[min(at + 1, len(steps) - 1)]
    while high - low > 2:  # each pass leaves two of `POINTS` gaps
        near = np.unique(np.linspace(low, high, POINTS).astype("int64"))
        found = rates_at(schedule, near)
        best = int(np.argmax(found))
        if found[best] <= rates[at]:
            break
        rates[at] = found[best]
        low, high = near[max(best - 1, 0)], near[min(best + 1, len(near) - 1)]
    return float(rates[at])


def rates_at(schedule: Any, steps: Any) -> list[float]:
    """Return the rates of a schedule at some steps.

    All in one, as a schedule with a condition costs JAX a compilation a call; one by one where
    the schedule is Python code that cannot be traced.
    """
    steps = [int(step) for step in steps]
    try:
        rates = keras.ops.map(
            lambda step: keras.ops.cast(schedule(step), "float32"), np.array(steps, "int32")
        )
        return [float(rate) for rate in keras.ops.convert_to_numpy(rates)]
    except Exception:  # noqa: BLE001  the user's own code; if it is broken, it raises again
        return [float(keras.ops.convert_to_numpy(schedule(step))) for step in steps]


def set_learning_rate_decay(model: Any, on: bool) -> Any:  # noqa: FBT001  a toggle's one word
    """Switch the schedule of a model's learning rate off or on; all else stays.

    Off, the rate is constant at the schedule's peak: the initial rate, or the one a warm-up
    leads to. On, the schedule is the very object of before and goes on from the number of
    iterations made. Weights, optimizer slots, iterations and weight decay stay. Takes effect
    in the next training step on every backend (TensorFlow and JAX trace it again). A saved
    file holds the rate as it is when it is saved: without decay, a constant.

    What a callback does (`LearningRateScheduler`, `ReduceLROnPlateau`) is not touched: leave
    it out of `fit`.

    Args:
        model: A compiled `keras.Model`.
        on: False for a constant rate, True for the schedule. False does nothing where there
            is no schedule.

    Returns:
        The model itself.

    Raises:
        InputError: `on` is not True or False; the model has no optimizer; there is no schedule
            to switch on; or a schedule has no peak. Nothing was changed then.

    Source:
        Karpathy 2019, stage 3, "do not trust learning rate decay defaults".
    """
    model = getattr(model, "recipe_inner", model)
    found = optimizers(model)
    _refuse(on, found)
    changes = _back(found) if on else _constant(found)
    for optimizer, schedule in changes:
        optimizer.learning_rate = schedule
    if changes:
        remake(model)
    return model


def _refuse(on: Any, found: list[Any]) -> None:
    if not isinstance(on, bool):
        msg = f"`on` must be True or False. Received: on={on!r}."
        raise InputError(msg)
    if not found:
        msg = "The model has no optimizer: call `model.compile(...)` first."
        raise InputError(msg)


def _back(found: list[Any]) -> list[tuple[Any, Any]]:
    changes = [(one, _ORIGINALS[one][0]) for one in found if _is_off(one)]
    if not changes and all(schedule_of(one) is None or _is_off(one) for one in found):
        msg = (
            "There is no schedule to switch on: give the optimizer one, such as "
            "`keras.optimizers.schedules.CosineDecay(1e-3, decay_steps)`, and compile again."
        )
        raise InputError(msg)
    return changes


def _constant(found: list[Any]) -> list[tuple[Any, Any]]:
    changes = []
    for optimizer in found:
        schedule = schedule_of(optimizer)
        if schedule is None or _is_off(optimizer):
            continue
        # Keras refuses a number in a schedule's place; this one is a number in all but type,
        # and a file that holds it needs nothing but Keras.
        flat = keras.optimizers.schedules.ExponentialDecay(_peak(optimizer), 1, 1.0)
        changes.append((optimizer, flat))
        _ORIGINALS[optimizer] = (schedule, flat)
    return changes


def _is_off(optimizer: Any) -> bool:
    """Whether our own constant is in place (and not what the user has put there since)."""
    known = _ORIGINALS.get(optimizer)
    return known is not None and schedule_of(optimizer) is known[1]


def _peak(optimizer: Any) -> float:
    try:
        peak = peak_of(optimizer)
    except Exception as error:  # the user's schedule, with errors of its own
        text = f"{type(error).__name__}: {said(error)}"
        msg = f"The schedule cannot be read: it raised {text}"
        raise InputError(msg) from error
    last = rates_at(schedule_of(optimizer), [HORIZON // 2, HORIZON])
    if not 0 < peak < math.inf or last[0] < last[1] == peak:
        msg = (
            "The schedule has no highest rate above 0 to hold: set a rate of your own instead, "
            f"`model.optimizer.learning_rate`. Received: {peak:.3g} as the highest."
        )
        raise InputError(msg)
    return peak


def made_anew(optimizer: Any, rate: float) -> Any:
    """Return a new optimizer of the same kind and settings at another rate.

    Raises:
        NotApplicable: It cannot be made from its configuration (one of the user's own).
    """
    try:
        return restarted(optimizer, learning_rate=rate)
    except Exception as error:  # the user's optimizer, with errors of its own
        name = type(optimizer).__name__
        msg = f"{name} cannot be made anew from its `get_config()`: {said(error)}"
        raise NotApplicable(msg) from error


@contextmanager
def at_rates(model: Any, first: float) -> Iterator[Callable[[float], None]]:
    """Yield a function that sets the rate of the next step, schedule or not.

    The rate is a variable of the compiled step, so nothing is traced anew when it is set. In
    a schedule's place an optimizer of the same kind and settings is used for a while, with
    the slots and iterations of the user's own.

    Args:
        model: A built, compiled model with one optimizer; call it under `preserve`.
        first: The rate to begin with.

    Raises:
        NotApplicable: A schedule's optimizer cannot be made anew.
    """
    own = innermost(model.optimizer)
    if isinstance(getattr(own, "_learning_rate", None), keras.Variable):
        before = rate_of(own)
        try:
            own.learning_rate = first
            yield lambda rate: setattr(own, "learning_rate", rate)
        finally:
            own.learning_rate = before
        return
    stand_in = made_anew(own, first)
    with other_optimizer(model, stand_in):
        rate = stand_in.learning_rate
        slots = [variable for variable in stand_in.variables if variable is not rate]
        for mine, given in zip(slots, own.variables, strict=True):
            mine.assign(given)
        yield lambda value: setattr(stand_in, "learning_rate", value)
