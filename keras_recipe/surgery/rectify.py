"""ReLU with He weights in place of hidden bounded activations, without building anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from keras_recipe.surgery.compiled import put_back, remake
from keras_recipe.surgery.layers import walk

_L = keras.layers
_LAYERS = (_L.Dense, _L.Conv1D, _L.Conv2D, _L.Conv3D)
_A = keras.activations
_BOUNDED = (_A.sigmoid, _A.tanh, _A.softmax)


def bounded(model: Any, outputs: list[Any]) -> list[Any]:
    """Return the hidden dense and convolution layers with a sigmoid, tanh or softmax.

    Args:
        model: A built model.
        outputs: Layers that make an output; they are left out.
    """
    return [
        layer
        for _, layer in walk(model)
        if isinstance(layer, _LAYERS)
        and any(layer.activation is one for one in _BOUNDED)
        and not any(layer is output for output in outputs)
    ]


def rectify(model: Any, layers: list[Any]) -> None:
    """Give layers a ReLU and fresh He weights, in place and for good."""
    draw = keras.initializers.HeNormal(seed=0)
    for layer in layers:
        layer.activation = keras.activations.relu
        layer.kernel.assign(draw(tuple(layer.kernel.shape)))
        if layer.bias is not None:
            layer.bias.assign(np.zeros(tuple(layer.bias.shape), layer.bias.dtype))
    remake(model, absent=True)


@contextmanager
def rectified(model: Any, layers: list[Any]) -> Iterator[None]:
    """Do so for a while; activations, weights and compiled functions come back."""
    before = [
        (
            layer,
            layer.activation,
            [(v, np.array(keras.ops.convert_to_numpy(v))) for v in layer.weights],
        )
        for layer in layers
    ]
    with put_back(model):
        try:
            rectify(model, layers)
            yield
        finally:
            for layer, activation, values in before:
                layer.activation = activation
                for variable, value in values:
                    variable.assign(value)
