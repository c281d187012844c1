"""Reading a user's dataset without moving anything that lives inside it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import keras
import numpy as np


def _set(owner: Any, name: str, state: Any) -> None:
    setattr(owner, name, state)


def _assign(states: list[tuple[Any, np.ndarray]]) -> None:
    for variable, state in states:
        variable.assign(state)


def _undo(value: Any) -> Callable[[], None] | None:
    """Return what puts a random generator, or a layer that draws, back; None for the rest."""
    if isinstance(value, np.random.Generator):
        return partial(_set, value.bit_generator, "state", value.bit_generator.state)
    if isinstance(value, np.random.RandomState):
        return partial(value.set_state, value.get_state())
    if isinstance(value, random.Random):
        return partial(value.setstate, value.getstate())
    if type(value).__module__.startswith("torch") and hasattr(value, "set_state"):
        return partial(value.set_state, value.get_state())
    if isinstance(value, keras.random.SeedGenerator):
        return partial(value.state.assign, np.array(keras.ops.convert_to_numpy(value.state)))
    if isinstance(value, keras.Layer) and value.variables:
        states = [(v, np.array(keras.ops.convert_to_numpy(v))) for v in value.variables]
        return partial(_assign, states)
    return None


@contextmanager
def untouched(*objects: Any) -> Iterator[None]:
    """Put the attributes of `objects`, and the random generators among them, back on leaving.

    Attributes are bound again to what they held; what was changed in place inside an array or
    a list stays changed.

    Args:
        objects: Datasets, loaders, samplers; those without attributes are ignored.
    """
    kept = [(o, dict(vars(o))) for o in objects if hasattr(o, "__dict__")]
    undone = [_undo(value) for _, held in kept for value in held.values()]
    try:
        yield
    finally:
        for owner, held in kept:
            vars(owner).clear()
            vars(owner).update(held)
        for undo in undone:
            if undo is not None:
                undo()
