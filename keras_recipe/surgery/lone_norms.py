"""Normalisations that are given one value at a time: whatever it is, it becomes 0."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import keras

from keras_recipe.surgery.layers import walk

_L = keras.layers


def _together(layer: Any) -> int | None:
    """Return how many values of a row are normalised together; None where not known."""
    weight = getattr(layer, "gamma", None)
    weight = getattr(layer, "beta", None) if weight is None else weight
    if isinstance(layer, _L.LayerNormalization) and weight is not None:
        return math.prod(weight.shape)
    if not isinstance(layer, _L.GroupNormalization):
        return None
    try:
        shape = list(layer.input.shape)[1:]
    except (AttributeError, ValueError):  # no one place in a graph
        return None
    return None if None in shape else math.prod(shape) // layer.groups


def lone_norms(model: Any) -> Iterator[str]:
    """Yield the paths of the layers whose output is a constant, as the mean is all there is.

    Args:
        model: A built model.
    """
    for path, layer in walk(model):
        if layer.built and _together(layer) == 1:
            yield path
