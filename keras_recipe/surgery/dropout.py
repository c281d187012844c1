"""Dropout and noise of every kind: found, set, and put back to their original rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import keras

from keras_recipe.core.errors import InputError
from keras_recipe.surgery.compiled import remake
from keras_recipe.surgery.layers import walk

_LAYERS = (keras.layers.Dropout, keras.layers.AlphaDropout, keras.layers.GaussianDropout)
_ATTENTION = (keras.layers.MultiHeadAttention, keras.layers.GroupQueryAttention)

#: The rates layers had when first touched: `{layer: {attribute: value}}`.
_ORIGINALS: WeakKeyDictionary[Any, dict[str, float]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Rate:
    """One number that says how much a layer drops or disturbs.

    Attributes:
        path: Path of the layer, as `walk` gives it.
        attribute: "rate", "dropout", "recurrent_dropout" or "stddev".
        option: True if it is one option of a layer that does more (LSTM, attention).
    """

    path: str
    layer: Any
    attribute: str
    option: bool = False

    @property
    def value(self) -> float:
        """What it is now."""
        return float(getattr(self.layer, self.attribute))

    def put(self, value: float) -> None:
        """Make it `value`."""
        if value != self.value:
            setattr(self.layer, self.attribute, value)

    @property
    def original(self) -> float:
        """What it was when first touched here."""
        known = _ORIGINALS.setdefault(self.layer, {})
        return known.setdefault(self.attribute, self.value)

    @property
    def can_rise(self) -> bool:
        """Whether the layer has the seed generator that any rate above 0 needs."""
        return getattr(self.layer, "seed_generator", None) is not None


def rates(model: Any) -> list[Rate]:
    """Return every dropout and noise rate of a model, nested layers and cells included.

    Dropout, SpatialDropout, AlphaDropout, GaussianDropout, GaussianNoise; `dropout` and
    `recurrent_dropout` of recurrent cells; the dropout of attention layers; and layers of
    the user's with a `seed_generator` and a `rate`, `dropout` or `recurrent_dropout`.
    """
    found = []
    layers = walk(model)
    inside_attention = {
        id(part)
        for _, layer in layers
        if isinstance(layer, _ATTENTION)
        for _, part in walk(layer)
    }
    for path, layer in layers:
        option = id(layer) in inside_attention
        if isinstance(layer, _LAYERS):
            found.append(Rate(path, layer, "rate", option=option))
        elif isinstance(layer, keras.layers.GaussianNoise):
            found.append(Rate(path, layer, "stddev"))
        elif getattr(layer, "seed_generator", None) is not None:
            users = not type(layer).__module__.startswith("keras.")
            for name in (*(["rate"] if users else []), "dropout", "recurrent_dropout"):
                value = vars(layer).get(name)
                if isinstance(value, int | float) and not isinstance(value, bool):
                    found.append(Rate(path, layer, name, option=name != "rate"))
    return found


def set_dropout(model: Any, rate: float | None) -> Any:
    """Set the dropout rate of a model; weights and optimizer state stay.

    Takes effect in the next training step on every backend (TensorFlow and JAX trace it
    again). A saved file holds the rates as they are when it is saved.

    Args:
        model: A `keras.Model`, compiled or not.
        rate: 0.0 switches all dropout and noise off. None puts every layer back to its own
            rate. A rate in (0, 1) is given to all dropout layers, and to the dropout of
            recurrent and attention layers that were built with some; `GaussianNoise`
            returns to its own `stddev`, which is in the units of its input, not a share.

    Returns:
        The model itself.

    Raises:
        InputError: `rate` is not None and not in [0, 1); or it is above 0 and the model has
            no dropout, or a dropout layer was built with rate 0 (Keras then gives it no seed
            generator). Nothing was changed then.
    """
    if rate is not None:
        _check(rate)
    found = rates(model)
    originals = [one.original for one in found]  # the first look remembers them
    if rate:
        _refuse(found, rate)
    before = [one.value for one in found]
    for one, original in zip(found, originals, strict=True):
        own = one.attribute == "stddev" or (one.option and not original)
        one.put(original if rate is None or (rate and own) else float(rate))
    if before != [one.value for one in found]:
        remake(model)
    return model


def _check(rate: Any) -> None:
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate < 1:
        msg = (
            "`rate` must be a number from 0 up to, not including, 1; or None for the original "
            f"rates. Received: rate={rate!r}."
        )
        raise InputError(msg)


def _refuse(found: list[Rate], rate: float) -> None:
    """Raise where a rate above 0 cannot be had."""
    for one in found:
        if not (one.option or one.can_rise) and one.attribute == "rate":
            msg = (
                f"`{one.path}` was built with rate 0 and so has no seed generator: build it "
                f"with a small rate such as 1e-6, then set it. Received: rate={rate!r}."
            )
            raise InputError(msg)
    if not any(one.attribute != "stddev" and (one.original or not one.option) for one in found):
        msg = f"The model has no dropout to set; add a Dropout layer. Received: rate={rate!r}."
        raise InputError(msg)
