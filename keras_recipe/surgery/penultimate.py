"""Rows as a model sees them last: what its output layer gets."""

from __future__ import annotations

import inspect
from contextlib import suppress
from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import leaves, mapped
from keras_recipe.loss import tensors
from keras_recipe.surgery.activity import state_kept
from keras_recipe.surgery.heads import find_heads
from keras_recipe.surgery.outputs import observable

ROWS = 32  # of a call: what layers make of them on the way is small
MOST = 1024  # numbers of a row, 4 MiB of a sample; see `_entering`


def penultimate(model: Any, x: Any) -> np.ndarray:
    """Return what the layer that makes the first output gets, `(rows, features)`.

    The model is called eagerly in inference mode; nothing of it is changed.

    Args:
        model: A built model.
        x: Inputs, arrays `(rows, ...)`.

    Returns:
        No rows where that layer is not found, or the model cannot be called eagerly.
    """
    none = np.empty((0, 0), "float32")
    rows = len(leaves(x)[0])
    heads = find_heads(model, tensors(mapped(lambda a: a[: min(rows, 4)], x)))
    layer = heads[0].layer if heads else None
    if layer is None or not any(one is layer for _, one in observable(model)):
        return none
    found = []
    with suppress(Exception), state_kept(model):  # the user's own `call` may raise anything
        for start in range(0, rows, ROWS):
            part = mapped(lambda a, s=start: a[s : s + ROWS], x)
            found.append(_entering(model, layer, part))
        made = np.concatenate(found)
        return made if len(made) == rows else none
    return none


def _entering(model: Any, layer: Any, x: Any) -> np.ndarray:
    """Return what a layer gets for some rows, as one vector of numbers each.

    Of more than 1024 numbers the mean over the axes between is taken, and of as many still
    some at even distances: these keep distances between rows about as they are.
    """
    heard: list[Any] = []
    own, original = vars(layer).get("call"), layer.call

    def call(*args: Any, **kwargs: Any) -> Any:
        heard.append(keras.tree.flatten(args or kwargs)[0])
        return original(*args, **kwargs)

    vars(layer)["call"] = call
    try:
        takes = "training" in inspect.signature(model.call).parameters
        model(tensors(x), **({"training": False} if takes else {}))
    finally:
        vars(layer).pop("call")
        vars(layer).update({} if own is None else {"call": own})
    values = np.asarray(keras.ops.convert_to_numpy(heard[-1]), "float32")
    flat = values.reshape(len(values), -1)
    if flat.shape[1] <= MOST:
        return flat
    flat = values.mean(axis=tuple(range(1, values.ndim - 1)))
    return flat[:, :: -(-flat.shape[1] // MOST)].copy()  # the rest is let go
