"""Dropout that acts on what a model says: found by the numbers of one call in training mode."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import leaves
from keras_recipe.loss import tensors
from keras_recipe.surgery.activations import UNKNOWN, name_by_numbers, same
from keras_recipe.surgery.compiled import remake
from keras_recipe.surgery.dropout import rates
from keras_recipe.surgery.shadowed import Around, shadowed

_FEWEST = 8  # numbers of an output that can be told from a coincidence


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """A dropout layer behind the last weights.

    Attributes:
        path: Path of the layer.
        index: Place of the output among the flattened ones.
        activation: What makes the output of what it drops; `"linear"` for the output itself.
        share: Share of its values that were zero.
    """

    path: str
    index: int
    activation: str
    share: float


def _hearing(calls: list[tuple[str, Any]]) -> Around:
    """Return what notes the values that a layer returns."""

    def around(path: str, layer: Any) -> Callable[..., Any]:
        original = layer.call

        def call(*args: Any, **kwargs: Any) -> Any:
            value = original(*args, **kwargs)
            calls.append((path, value))
            return value

        return call

    return around


def _array(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def dropped_outputs(model: Any, x: Any) -> list[Dropped]:
    """Return the dropout layers whose result is an output, an activation apart.

    Moves seeds and moving statistics: call it under `preserve`.

    Args:
        model: A built model; it is called eagerly once, in training mode.
        x: A few rows of inputs.
    """
    layers = [(r.path, r.layer) for r in rates(model) if r.value and r.attribute == "rate"]
    calls: list[tuple[str, Any]] = []
    if not layers or "training" not in inspect.signature(model.call).parameters:
        return []
    # the user's own `call` runs here
    with suppress(Exception), shadowed(layers, _hearing(calls)):
        outputs = [_array(leaf) for leaf in leaves(model(tensors(x), training=True))]
        found = []
        for path, tensor in calls:
            value = _array(tensor)
            for index, output in enumerate(outputs):
                name = _relation(value, output)
                share = float((value == 0).mean())
                if name != UNKNOWN and share > 0:
                    made = Dropped(path=path, index=index, activation=name, share=share)
                    found.append(made)
        return found
    return []


def keep_outputs(model: Any, paths: Sequence[str]) -> None:
    """Switch dropout layers off for good, whatever the model says of the others.

    Args:
        model: The model.
        paths: Paths of the layers, as in `Dropped`.
    """
    for one in rates(model):
        if one.path in paths:
            one.put(0.0)
    remake(model)


def _relation(value: np.ndarray, output: np.ndarray) -> str:
    """Return the activation that turns `value` into `output`."""
    if value.size != output.size or value.size < _FEWEST or np.ptp(value) == 0:
        return UNKNOWN
    value = value.reshape(output.shape)
    return "linear" if same(value, output) else name_by_numbers(value, output)
