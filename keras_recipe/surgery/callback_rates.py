"""What callbacks will do to the learning rate, as far as it can be foreseen."""

from __future__ import annotations

import contextlib
import copy
import io
from typing import Any

import keras
import numpy as np

MOST_EPOCHS = 10_000  # a schedule of the user's is not asked more often


def _listed(callbacks: Any) -> list[Any]:
    known = getattr(callbacks, "callbacks", callbacks)  # a CallbackList holds them
    return [one for one in keras.tree.flatten(known or []) if one is not None]


def unforeseen(callbacks: Any) -> list[str]:
    """Return the names of Keras's callbacks whose rate depends on how the training goes."""
    kind = keras.callbacks.ReduceLROnPlateau
    return sorted({type(one).__name__ for one in _listed(callbacks) if isinstance(one, kind)})


def rates_by_epoch(callbacks: Any, first: float | None, epochs: int) -> list[float]:
    """Return the rate of each epoch that `LearningRateScheduler` will set.

    The schedule is asked on a copy, and what it prints is dropped.

    Args:
        callbacks: As `fit` takes them.
        first: The optimizer's rate before the first step; None where there is none.
        epochs: Epochs planned.

    Returns:
        Nothing where there is no such callback, it wants what there is not yet, or the plan
        is longer than 10,000 epochs.
    """
    kind = keras.callbacks.LearningRateScheduler
    found = [one.schedule for one in _listed(callbacks) if isinstance(one, kind)]
    if not found or first is None or epochs > MOST_EPOCHS:
        return []
    rates: list[float] = []
    try:
        schedules = copy.deepcopy(found)  # one that counts its calls must not be counted on
        with contextlib.redirect_stdout(io.StringIO()):
            for epoch in range(epochs):
                rate = rates[-1] if rates else first
                for schedule in schedules:
                    rate = _next(schedule, epoch, rate)
                rates.append(rate)
    except Exception:  # noqa: BLE001  the user's own function
        return []
    return rates if np.isfinite(rates).all() else []


def _next(schedule: Any, epoch: int, rate: float) -> float:
    """Ask as Keras does: by epoch and rate, or by epoch alone."""
    try:
        return float(schedule(epoch, rate))
    except TypeError:
        return float(schedule(epoch))
