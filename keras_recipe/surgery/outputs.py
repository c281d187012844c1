"""The layers of a model whose output can be read while it runs."""

from __future__ import annotations

from typing import Any

import keras

from keras_recipe.surgery.layers import walk

#: Layers whose inner layers run inside a loop of the backend: seen as one.
_LOOPS = (keras.layers.RNN, keras.layers.Wrapper, keras.layers.Bidirectional)


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
