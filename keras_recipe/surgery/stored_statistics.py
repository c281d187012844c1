"""What BatchNormalization remembers of its training data, beside what arrives there now."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.loss import tensors
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.shadowed import Around, shadowed

_FIRST = 3  # layers compared: deeper ones only repeat what the first see


@dataclass(frozen=True, kw_only=True)
class Gap:
    """One layer's stored statistics against those of some rows.

    Attributes:
        path: Path of the layer.
        frozen: Whether it uses the stored ones while training too.
        distance: Median over channels of how far the means are apart, in stored deviations,
            plus the absolute logarithm of the deviations' ratio; 0 is a perfect fit.
    """

    path: str
    frozen: bool
    distance: float


def _values(variable: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(variable), "float64")


def trained_norms(model: Any) -> list[tuple[str, Any]]:
    """Return the BatchNormalization layers whose statistics are not those of a new layer."""
    return [
        (path, layer)
        for path, layer in walk(model)
        if isinstance(layer, keras.layers.BatchNormalization)
        and layer.built
        and np.any(_values(layer.moving_mean))
        and np.any(_values(layer.moving_variance) != 1)
    ]


def _noting(seen: dict[str, Any]) -> Around:
    """Return what notes the inputs of a layer's first call."""

    def around(path: str, layer: Any) -> Callable[..., Any]:
        original = layer.call

        def call(inputs: Any, *args: Any, **kwargs: Any) -> Any:
            seen.setdefault(path, inputs)
            return original(inputs, *args, **kwargs)

        return call

    return around


def _distance(layer: Any, values: np.ndarray) -> float:
    axis = layer.axis if isinstance(layer.axis, int) else -1
    channels = np.moveaxis(values.astype("float64"), axis, -1)
    channels = channels.reshape(-1, channels.shape[-1])
    mean, std = channels.mean(0), channels.std(0)
    stored = np.sqrt(_values(layer.moving_variance) + layer.epsilon)
    alive = (std > 1e-6) & (stored > 2 * np.sqrt(layer.epsilon))
    if not alive.any():
        return 0.0
    shift = np.abs(mean - _values(layer.moving_mean)) / stored
    stretch = np.abs(np.log(np.maximum(std, 1e-12) / stored))
    return float(np.median((shift + stretch)[alive]))


def gaps(model: Any, x: Any) -> list[Gap]:
    """Return the gap of the first trained BatchNormalization layers, in the order they ran.

    Args:
        model: A built model; it is called eagerly once, in inference mode.
        x: Rows of inputs; a few dozen are enough.
    """
    layers = trained_norms(model)
    seen: dict[str, Any] = {}
    if not layers:
        return []
    takes = "training" in inspect.signature(model.call).parameters
    # the user's own `call` runs here
    with suppress(Exception), shadowed(layers, _noting(seen)):
        model(tensors(x), **({"training": False} if takes else {}))
    by_path, found = dict(layers), []
    for path, tensor in list(seen.items())[:_FIRST]:
        with suppress(Exception):  # a traced value has no numbers
            values = np.asarray(keras.ops.convert_to_numpy(tensor))
            layer = by_path[path]
            distance = _distance(layer, values)
            found.append(Gap(path=path, frozen=not layer.trainable, distance=distance))
    return found


def frozen_features(model: Any, x: Any) -> np.ndarray | None:
    """Return what the first trainable layer gets from the frozen ones before it.

    Args:
        model: A built model; it is called eagerly once, in inference mode.
        x: Rows of inputs.

    Returns:
        `(rows, ...)`; None where that is the input itself, or no layer was heard.
    """
    trained = {id(v) for v in model.trainable_variables}
    layers = [
        (path, layer)
        for path, layer in walk(model)
        if not isinstance(layer, keras.Model) and any(id(v) in trained for v in layer.weights)
    ]
    seen: dict[str, Any] = {}
    takes = "training" in inspect.signature(model.call).parameters
    # the user's own `call` runs here
    with suppress(Exception), shadowed(layers, _noting(seen)):
        model(tensors(x), **({"training": False} if takes else {}))
        return np.asarray(keras.ops.convert_to_numpy(next(iter(seen.values()))), "float64")
    return None
