"""What every layer says on some rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import leaves
from keras_recipe.loss import tensors
from keras_recipe.surgery.layers import walk

#: Layers whose inner layers run inside a loop of the backend: seen as one.
_LOOPS = (keras.layers.RNN, keras.layers.Wrapper)


def _within(path: str, prefixes: list[str]) -> bool:
    return any(path.startswith(f"{prefix}/") for prefix in prefixes)


def observable(model: Any) -> list[tuple[str, Any]]:
    """Return `(path, layer)` of the layers whose output can be read, models left out."""
    found, loops = [], []
    for path, layer in walk(model):
        if isinstance(layer, _LOOPS):
            loops.append(path)
        is_inner = isinstance(layer, keras.Model | keras.layers.InputLayer)
        if not is_inner and not _within(path, loops):
            found.append((path, layer))
    return found


@contextmanager
def _recorded(layers: list[tuple[str, Any]], into: dict[str, Any]) -> Iterator[None]:
    """Shadow each layer's `call` on the instance for the time of one call of the model."""

    def shadow(path: str, layer: Any) -> None:
        original = layer.call

        def call(*args: Any, **kwargs: Any) -> Any:
            into[path] = original(*args, **kwargs)
            return into[path]

        vars(layer)["call"] = call

    shadowed = []
    try:
        for path, layer in layers:
            if "call" not in vars(layer):
                shadow(path, layer)
                shadowed.append(layer)
        yield
    finally:
        for layer in shadowed:
            del vars(layer)["call"]


def layer_outputs(model: Any, x: Any) -> dict[str, np.ndarray]:
    """Return each layer's first output in inference mode, in the order the layers ran.

    Args:
        model: A built model; it is called eagerly once.
        x: Inputs, arrays `(rows, ...)`.

    Returns:
        Arrays `(rows, ...)` of floating-point outputs by layer path. A layer that runs twice
        shows its last output; layers inside an RNN or a wrapper are not seen.
    """
    recorded: dict[str, Any] = {}
    with _recorded(observable(model), recorded):
        model(tensors(x))
    rows = len(leaves(x)[0])
    found = {}
    for path, value in recorded.items():
        first = keras.tree.flatten(value)[0]
        array = np.asarray(keras.ops.convert_to_numpy(first))
        if array.ndim > 1 and len(array) == rows and array.dtype.kind not in "biuOSU":
            found[path] = array
    return found
