"""KerasTuner's hyperparameters where one name stands under several conditions."""

from __future__ import annotations

import json
import zlib
from typing import Any

import keras_tuner

from keras_recipe.core.errors import InputError


class Hyperparameters(keras_tuner.HyperParameters):
    """A space whose values are those that were drawn, and drawn again are the same.

    KerasTuner 1.4 looks at each of several namesakes alone: the value of an active one is
    dropped for the sake of one that is not (its model then cannot be built), or is drawn anew
    from the machine's entropy, so that a search that goes on asks for other trials than it did.
    Here a name is active where one of its namesakes is, and a value that is missing is drawn
    from a seed.
    """

    def copy(self) -> Hyperparameters:
        """Return a copy of the same kind; KerasTuner's is of its own."""
        made: Hyperparameters = type(self).from_config(self.get_config())
        return made

    def ensure_active_values(self) -> None:
        """Add the values that are missing, drop those of names that are not active."""
        for one in self.space:
            if self.is_active(one):
                if one.name not in self.values:
                    known = json.dumps([one.name, self.values], sort_keys=True, default=str)
                    self.values[one.name] = one.random_sample(zlib.crc32(known.encode()))
            elif not self.is_active(one.name):
                self.values.pop(one.name, None)


def refuse_grid(space: Any) -> None:
    """Refuse a space of which KerasTuner can make no grid: it finds values by name alone.

    Args:
        space: `keras_tuner.HyperParameters`.

    Raises:
        InputError: One name has different values under different conditions.
    """
    known: dict[str, list[Any]] = {}
    for one in space.space:
        values = [one.default, *one.values]
        if known.setdefault(one.name, values) != values:
            msg = (
                f"A grid needs a name for each hyperparameter: {one.name!r} has other values "
                "under another condition; rename it, or search at random."
            )
            raise InputError(msg)
