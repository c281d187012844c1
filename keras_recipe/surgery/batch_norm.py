"""BatchNormalization as it will be in training: with the statistics of the data."""

from __future__ import annotations

from typing import Any

import keras

from keras_recipe.loss import tensors
from keras_recipe.surgery.layers import walk


def settle(model: Any, x: Any) -> None:
    """Give trainable BatchNormalization layers the statistics of some rows, all at once.

    Fresh layers hold mean 0 and variance 1, so that an untrained net looks far worse in
    inference mode than it is. Moves non-trainable state: call it under `preserve`.

    Args:
        model: A built model; nothing happens if it has no such layer.
        x: Inputs, arrays `(rows, ...)`.
    """
    layers = [
        layer
        for _, layer in walk(model)
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    ]
    momenta = [layer.momentum for layer in layers]
    try:
        for layer in layers:
            layer.momentum = 0.0
        if layers:
            model(tensors(x), training=True)
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
