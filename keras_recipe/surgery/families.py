"""Which families of layers a model is made of: dense, convolution, recurrent, attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from keras_recipe.surgery.layers import walk

_L = keras.layers
_FAMILIES: dict[str, tuple[type, ...]] = {
    "dense": (_L.Dense, _L.EinsumDense),
    "convolution": (
        *(_L.Conv1D, _L.Conv2D, _L.Conv3D, _L.SeparableConv1D, _L.SeparableConv2D),
        *(_L.DepthwiseConv1D, _L.DepthwiseConv2D),
        *(_L.Conv1DTranspose, _L.Conv2DTranspose, _L.Conv3DTranspose),
    ),
    "recurrent": (_L.RNN, _L.LSTM, _L.GRU, _L.SimpleRNN, _L.ConvLSTM1D, _L.ConvLSTM2D),
    "attention": (
        *(_L.MultiHeadAttention, _L.GroupQueryAttention),
        *(_L.Attention, _L.AdditiveAttention),
    ),
    "embedding": (_L.Embedding, _L.Hashing, _L.TextVectorization, _L.StringLookup),
}


def families_of(model: Any, outputs: Sequence[Any] = ()) -> set[str]:
    """Return the families of a model's layers; `"own"` where a class is not Keras's.

    Parts of attention and recurrent layers are not counted beside them.

    Args:
        model: A `keras.Model`, nested ones included.
        outputs: Layers that make the outputs; they are left out, for every net has them.
    """
    found: set[str] = set()
    inside: set[int] = set()
    for _, layer in walk(model):
        if id(layer) in inside or any(layer is one for one in outputs):
            continue
        kinds = {name for name, types in _FAMILIES.items() if isinstance(layer, types)}
        found |= kinds
        if kinds:
            inside |= {id(part) for _, part in walk(layer)}
        elif not is_of_keras(layer):
            found.add("own")
    return found if is_of_keras(model) else found | {"own"}


def is_of_keras(layer: Any) -> bool:
    """Whether a layer is of a class of Keras's own."""
    return type(layer).__module__.split(".")[0] == "keras"


def flattens(model: Any) -> bool:
    """Whether a layer of the model lays all places of an input out in one row."""
    return any(
        isinstance(layer, _L.Flatten)
        or (isinstance(layer, _L.Reshape) and len(layer.target_shape) == 1)
        for _, layer in walk(model)
    )
