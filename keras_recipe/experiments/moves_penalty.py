"""Moves that hold the weights back: several rates of dropout, strengths of weight decay."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import keras

from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.experiments.program import Program, changed, on_built, weighted_layers
from keras_recipe.experiments.trial_move import Move
from keras_recipe.surgery.dropout import rates, set_dropout
from keras_recipe.surgery.optimizer import innermost, rate_of
from keras_recipe.surgery.rebuilt import rebuilt
from keras_recipe.surgery.weight_decay import decays, optimizers, set_weight_decay

RATES = (0.2, 0.5)  # Srivastava et al. 2014: 0.5 for hidden units, 0.2 where little is dropped
#: Normalised decay of Loshchilov & Hutter 2019 (appendix B.1): the decay a step times the root
#: of the number of steps. They search powers of two around 0.025 to 0.05.
STRENGTHS = (0.025, 0.1)
_SPATIAL = {3: "SpatialDropout1D", 4: "SpatialDropout2D", 5: "SpatialDropout3D"}
_DROPPED = (
    keras.layers.Dense,
    *(keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D),
    *(keras.layers.RNN, keras.layers.Bidirectional),
)


@dataclass(frozen=True)
class _Dropout:
    """Makes a dropout layer."""

    kind: str
    rate: float

    def __call__(self) -> Sequence[Any]:
        return (getattr(keras.layers, self.kind)(self.rate),)


@dataclass(frozen=True)
class Dropped:
    """Sets the dropout of a model; where it has none that can be set, puts it in.

    It goes before every layer with weights but the first: dropped are whole channels before a
    convolution (Tompson et al. 2015), single values before all others.

    Attributes:
        rate: Share that is dropped.
    """

    rate: float

    def __call__(self, model: Any) -> Any:
        """Return the model, or a copy with layers put in."""
        if any(one.attribute == "rate" and one.can_rise for one in rates(model)):
            with suppress(InputError):  # one of them was built with rate 0: it is replaced
                return set_dropout(model, self.rate)
        places = dropout_places(model)
        if not places:
            msg = "no layer gets what a hidden layer made, so there is nothing to drop"
            raise NotApplicable(msg)
        old = [one.name for one in model.layers if isinstance(one, keras.layers.Dropout)]
        before = {name: _Dropout(kind, self.rate) for name, kind in places.items()}
        return rebuilt(model, before=before, without=old)


def dropout_places(model: Any) -> dict[str, str]:
    """Return by the name of each layer that dropout goes before the kind of dropout.

    Args:
        model: A built model.
    """
    found = {}
    for layer in weighted_layers(model)[1:]:
        if isinstance(layer, _DROPPED):
            spatial = "Conv" in type(layer).__name__
            rank = len(layer.input.shape) if spatial else 2
            found[layer.name] = _SPATIAL.get(rank, "Dropout") if spatial else "Dropout"
    return found


def dropout(program: Program) -> list[Move]:
    """Return the moves, from the lower to the higher rate.

    Raises:
        NotApplicable: There is no place for dropout.
    """
    own = [one.value for one in rates(program.model) if one.attribute == "rate"]
    chosen = [rate for rate in RATES if rate > max(own, default=0.0)]
    if not chosen:
        msg = f"it drops {max(own):g} already"
        raise NotApplicable(msg)
    places = dropout_places(program.model)
    kinds = " and ".join(sorted(set(places.values())))
    where = f"{kinds} before {', '.join(places)}" if places and not own else "its own dropout"
    if not own:
        changed(program.model, Dropped(chosen[0]))
    return [
        Move(
            name=f"dropout {rate:g}",
            text=f"{where}, {rate:.0%} of the values",
            change=on_built(program.model, Dropped(rate)),
        )
        for rate in chosen
    ]


@dataclass(frozen=True)
class Decayed:
    """Sets the weight decay of a model's optimizer; biases and scales are left out.

    Attributes:
        value: As `set_weight_decay` takes it.
    """

    value: float

    def __call__(self, model: Any) -> Any:
        """Return the model."""
        return set_weight_decay(model, self.value)


def weight_decay(program: Program) -> list[Move]:
    """Return the moves, from the weaker to the stronger decay.

    Raises:
        NotApplicable: There are several optimizers, or it decays as much already.
    """
    found = optimizers(program.model)
    if len(found) != 1:
        msg = "the model has several optimizers"
        raise NotApplicable(msg)
    rate = float(rate_of(innermost(program.model.optimizer)))
    own = max((value or 0.0 for value in decays(found[0]).values()), default=0.0)
    values = [one / (rate * math.sqrt(program.steps)) for one in STRENGTHS] if rate > 0 else []
    chosen = [float(f"{value:.2g}") for value in values]
    chosen = [value for value in chosen if value > own and rate * value < 1]
    if not chosen:
        msg = f"its decay is {own:g} already, or its learning rate leaves no room for one"
        raise NotApplicable(msg)
    return [
        Move(
            name=f"weight decay {value:g}",
            text=f"decoupled decay of the kernels by {value:g} times the rate a step; not of "
            "biases and scales",
            change=on_built(program.model, Decayed(value)),
        )
        for value in chosen
    ]
