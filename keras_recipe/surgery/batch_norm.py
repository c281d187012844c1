"""BatchNormalization as it will be in training: with the statistics of the data."""

from __future__ import annotations

from typing import Any

import keras

from keras_recipe.loss import tensors
from keras_recipe.surgery.compiled import remake
from keras_recipe.surgery.layers import walk


def normalizations(model: Any) -> list[tuple[str, Any]]:
    """Return `(path, layer)` of every trainable BatchNormalization."""
    kind = keras.layers.BatchNormalization
    return [(p, n) for p, n in walk(model) if isinstance(n, kind) and n.trainable]


def lower_momentum(model: Any, momentum: float) -> None:
    """Let moving statistics follow faster: no momentum above `momentum`, from now on.

    Args:
        model: A built model.
        momentum: The largest that stays.
    """
    for _, layer in normalizations(model):
        layer.momentum = min(layer.momentum, momentum)
    remake(model)


def settle(model: Any, x: Any) -> None:
    """Give trainable BatchNormalization layers the statistics of some rows, all at once.

    Fresh layers hold mean 0 and variance 1, so that an untrained net looks far worse in
    inference mode than it is. Moves non-trainable state: call it under `preserve`.

    Args:
        model: A built model; nothing happens if it has no such layer.
        x: Inputs, arrays `(rows, ...)`.
    """
    layers = [layer for _, layer in normalizations(model)]
    momenta = [layer.momentum for layer in layers]
    try:
        for layer in layers:
            layer.momentum = 0.0
        if layers:
            model(tensors(x), training=True)
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
