"""Layers beside each other that work, but not as well as they could."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from keras_recipe.surgery.graph import has_kernel, is_graph
from keras_recipe.surgery.layers import walk

_L = keras.layers
_CONVOLUTIONS = (_L.Conv1D, _L.Conv2D, _L.Conv3D)
_DROPOUT: tuple[Any, ...] = (_L.Dropout, _L.GaussianDropout, _L.AlphaDropout)
_DROPOUT += (_L.SpatialDropout1D, _L.SpatialDropout2D, _L.SpatialDropout3D)
#: Between a convolution and the next kernel, these are no activation (a maximum hardly is).
_PASSING = (
    *(_L.MaxPooling1D, _L.MaxPooling2D, _L.MaxPooling3D, _L.Flatten, *_DROPOUT),
    *(_L.AveragePooling1D, _L.AveragePooling2D, _L.AveragePooling3D),
    *(_L.GlobalMaxPooling1D, _L.GlobalMaxPooling2D),
    *(_L.GlobalAveragePooling1D, _L.GlobalAveragePooling2D),
)
_POOLED = (_L.MaxPooling1D, _L.MaxPooling2D, _L.MaxPooling3D)
LARGE = 100_000  # weights behind a Flatten from which on pooling is worth a thought
MOST = 0.9  # and their share of all weights


def _pairs(model: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each operation with the only one that takes its result, inside one model."""
    if isinstance(model, keras.Sequential):
        yield from zip(model.layers, model.layers[1:], strict=False)
        return
    takers: dict[int, list[Any]] = {}
    for op in model.operations:
        if isinstance(op, _L.InputLayer) or len(getattr(op, "_inbound_nodes", [1])) != 1:
            continue
        for tensor in keras.tree.flatten(op.input):
            takers.setdefault(id(tensor), []).append(op)
    for op in model.operations:
        if len(getattr(op, "_inbound_nodes", [1])) != 1:
            continue
        outputs = keras.tree.flatten(op.output)
        after = takers.get(id(outputs[0]), []) if len(outputs) == 1 else []
        if len(after) == 1:
            yield op, after[0]


def _is_linear(layer: Any) -> bool:
    activation = getattr(layer, "activation", None)
    return activation is None or activation is keras.activations.linear


def _reaches_kernel(op: Any, following: dict[int, Any]) -> bool:
    """Whether a maximum is all that stands between a convolution and the next kernel."""
    pooled, after = False, following.get(id(op))
    while isinstance(after, _PASSING):
        pooled = pooled or isinstance(after, _POOLED)
        after = following.get(id(after))
    return pooled and after is not None and has_kernel(after)


def habits_of(model: Any) -> dict[str, list[str]]:
    """Return the names of layers by habit.

    Returns:
        `"no activation"`: convolutions with nothing but pooling before the next kernel;
        `"bias before normalisation"`: whose bias BatchNormalization takes away again;
        `"dropout before normalisation"`: whose noise its statistics take in;
        `"large flatten"`: Flatten before nearly all weights of the model.
    """
    found: dict[str, list[str]] = {
        "no activation": [],
        "bias before normalisation": [],
        "dropout before normalisation": [],
        "large flatten": [],
    }
    for part in [model, *(layer for _, layer in walk(model))]:
        if not (is_graph(part) and getattr(part, "built", False)):
            continue
        pairs = list(_pairs(part))
        following = {id(op): after for op, after in pairs}
        for op, after in pairs:
            normal = isinstance(after, _L.BatchNormalization)
            if normal and has_kernel(op) and op.use_bias and _is_linear(op):
                found["bias before normalisation"].append(op.name)
            if normal and isinstance(op, _DROPOUT) and op.rate:
                found["dropout before normalisation"].append(op.name)
            if isinstance(op, _CONVOLUTIONS) and _is_linear(op):
                found["no activation"] += [op.name] * _reaches_kernel(op, following)
            if isinstance(op, _L.Flatten) and has_kernel(after) and len(op.input.shape) > 3:
                many = after.count_params()
                big = many >= LARGE and many >= MOST * model.count_params()
                found["large flatten"] += [op.name] * big
    return found
