"""Another optimizer on a compiled model, its losses and metrics kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from keras_recipe.surgery.compiled import put_back, remake

CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")


def innermost(optimizer: Any) -> Any:
    """Return the optimizer inside the one that scales the loss."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def schedule_of(optimizer: Any) -> Any:
    """Return the optimizer's learning-rate schedule; None where the rate is a number."""
    rate = getattr(innermost(optimizer), "_learning_rate", None)
    is_schedule = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
    return rate if is_schedule else None


def rate_of(optimizer: Any) -> float:
    """Return the learning rate of the next step."""
    return float(keras.ops.convert_to_numpy(innermost(optimizer).learning_rate))


def restarted(optimizer: Any, **other: Any) -> Any:
    """Return a new optimizer of the same kind, with some settings changed and no memory."""
    inner = innermost(optimizer)
    return type(inner).from_config({**inner.get_config(), **other})


def is_warming_up(optimizer: Any, steps: int, planned: int) -> bool:
    """Say whether the rate of the next `steps` stays below half its peak of the whole plan."""
    schedule = schedule_of(optimizer)
    if schedule is None or planned <= steps:
        return False
    now = int(keras.ops.convert_to_numpy(optimizer.iterations))
    marks = np.unique(np.linspace(0, planned, 21).astype("int64"))
    soon = np.linspace(0, steps, 6).astype("int64")
    rates = [
        max(float(keras.ops.convert_to_numpy(schedule(int(now + mark)))) for mark in some)
        for some in (soon, marks)
    ]
    return rates[0] < 0.5 * rates[1]


def replace_optimizer(model: Any, optimizer: Any) -> None:
    """Train on with a fresh `optimizer`, in place; weights, losses and metrics stay.

    Args:
        model: A compiled, built model.
        optimizer: A new `keras.optimizers.Optimizer`; wrapped for loss scaling where the old
            one was.
    """
    if isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(model.trainable_variables)
    model.optimizer = optimizer
    remake(model, absent=True)  # the compiled step holds the old optimizer


def start_over(model: Any, **other: Any) -> None:
    """Train on with an optimizer of the same kind, some settings changed and no memory."""
    replace_optimizer(model, restarted(model.optimizer, **other))


def multiply_rate(model: Any, factor: float) -> None:
    """Train on at a multiple of the learning rate; a schedule gives way to its next rate."""
    start_over(model, learning_rate=factor * rate_of(model.optimizer))


def clips_of(optimizer: Any) -> dict[str, float]:
    """Return what clips the gradients, by its name."""
    inner = innermost(optimizer)
    return {name: getattr(inner, name) for name in CLIPS if getattr(inner, name, None)}


def unclip(model: Any) -> None:
    """Train on without gradient clipping."""
    start_over(model, **dict.fromkeys(clips_of(model.optimizer)))


@contextmanager
def other_optimizer(model: Any, optimizer: Any) -> Iterator[None]:
    """Use `optimizer` for a while; the old one and its compiled step come back."""
    before = model.optimizer
    with put_back(model):
        try:
            replace_optimizer(model, optimizer)
            yield
        finally:
            model.optimizer = before
