"""Optimizers to train with instead of the one in use, for a while or for good."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras

from keras_recipe.surgery.optimizer import innermost, other_optimizer, rate_of, schedule_of
from keras_recipe.surgery.schedule import at_rates, made_anew


@dataclass(frozen=True)
class Rival:
    """Another optimizer.

    Attributes:
        words: What it is.
        code: The line that puts it in place.
        make: Returns a new one.
    """

    words: str
    code: str
    make: Callable[[], Any]

    def during(self, model: Any) -> AbstractContextManager[Any]:
        """Train with it for a while, from its first step on; call it under `preserve`.

        Where it differs from the one in use by its rate alone, which is a variable of the
        compiled step, nothing is compiled.

        Raises:
            NotApplicable: It cannot be made.
        """
        new = self.make()
        if _differ_by_rate(innermost(model.optimizer), new):
            return at_rates(model, rate_of(new))
        return other_optimizer(model, new)


#: The essay's safe choice, at Keras's default rate.
ADAM = Rival(
    "Adam at its default rate of 0.001",
    "model.compile(keras.optimizers.Adam(1e-3), ...)",
    partial(keras.optimizers.Adam, 1e-3),
)


def at_rate(optimizer: Any, rate: float) -> Rival:
    """Return the same kind of optimizer with the same settings at another rate."""
    return Rival(
        f"a rate of {rate:.3g}",
        f"model.optimizer.learning_rate = {rate:.3g}",
        partial(made_anew, optimizer, rate),
    )


def is_like(optimizer: Any, rival: Rival) -> bool:
    """Whether training with `rival` would be training with `optimizer`."""
    own, new = innermost(optimizer), rival.make()
    return _differ_by_rate(own, new) and rate_of(own) == rate_of(new)


def _differ_by_rate(own: Any, new: Any) -> bool:
    """Whether an optimizer that has made no step differs from a new one by its rate at most."""
    if type(own) is not type(new) or any(schedule_of(one) is not None for one in (own, new)):
        return False
    if int(keras.ops.convert_to_numpy(own.iterations)):
        return False
    free = {"learning_rate": None, "name": None}
    return bool({**own.get_config(), **free} == {**new.get_config(), **free})
