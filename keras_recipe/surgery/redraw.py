"""Fresh initial weights, drawn by the initialisers that keep the variance."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_recipe.surgery.activations import activation_name
from keras_recipe.surgery.layers import walk

_L = keras.layers
_LAYERS = (_L.Dense, _L.Conv1D, _L.Conv2D, _L.Conv3D)
_RECTIFIED = ("relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "selu")


def drawable(model: Any) -> list[Any]:
    """Return the trainable dense and convolution layers of a built model."""
    return [
        layer
        for _, layer in walk(model)
        if isinstance(layer, _LAYERS) and layer.built and layer.trainable
    ]


def redraw(layers: list[Any], seed: int = 0) -> None:
    """Draw new kernels (He before ReLU and its kin, else Glorot) and set biases to 0, in place.

    Args:
        layers: Built dense and convolution layers.
        seed: Seed of the first; each further one has the next.
    """
    for place, layer in enumerate(layers):
        rectified = activation_name(layer.activation) in _RECTIFIED
        kind = keras.initializers.HeNormal if rectified else keras.initializers.GlorotUniform
        layer.kernel.assign(kind(seed=seed + place)(tuple(layer.kernel.shape)))
        if layer.bias is not None:
            layer.bias.assign(np.zeros(tuple(layer.bias.shape), layer.bias.dtype))
