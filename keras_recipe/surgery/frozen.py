"""Layers that do not train: found, told from pretrained ones, and made trainable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.optimizer import innermost, other_optimizer, replace_optimizer

_PAIRS = (
    ("kernel", "kernel_initializer"),
    ("embeddings", "embeddings_initializer"),
    ("depthwise_kernel", "depthwise_initializer"),
)
_LEAST = 16  # numbers in a kernel, to say anything about their distribution
_MOST = 20_000  # numbers compared
_SURE = 1.63  # Kolmogorov-Smirnov: a fresh kernel exceeds it once in a hundred


def frozen(model: Any) -> list[tuple[str, Any]]:
    """Return `(path, layer)` of the layers whose kernel is not trained."""
    trainable = {id(v) for v in model.trainable_variables}
    return [
        (path, layer)
        for path, layer in walk(model)
        if any(_is_frozen(getattr(layer, name, None), trainable) for name, _ in _PAIRS)
    ]


def _is_frozen(variable: Any, trainable: set[int]) -> bool:
    return variable is not None and hasattr(variable, "shape") and id(variable) not in trainable


def untrained(model: Any) -> list[str]:
    """Return the paths of frozen layers that still hold the random values they began with.

    A layer counts if its kernel is distributed as its own initializer draws, and its bias
    holds nothing but the zeros (in an LSTM: and ones) of a new layer. No layer counts where
    frozen normalisation statistics have moved: that is a pretrained part.
    """
    if _has_pretrained_statistics(model):
        return []
    return [path for path, layer in frozen(model) if _is_as_drawn(layer)]


def _values(variable: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(variable), "float64")


def _has_pretrained_statistics(model: Any) -> bool:
    return any(
        not layer.trainable and layer.built and bool(np.any(_values(layer.moving_mean)))
        for _, layer in walk(model)
        if isinstance(layer, keras.layers.BatchNormalization)
    )


def _is_as_drawn(layer: Any) -> bool:
    bias = getattr(layer, "bias", None)
    if bias is not None and not np.isin(_values(bias), (0.0, 1.0)).all():
        return False
    for name, initializer in _PAIRS:
        kernel, draw = getattr(layer, name, None), getattr(layer, initializer, None)
        if kernel is not None and "seed" in getattr(draw, "get_config", dict)():
            return _is_drawn_by(_values(kernel), draw, tuple(kernel.shape))
    return False


def _is_drawn_by(values: np.ndarray, initializer: Any, shape: tuple[int, ...]) -> bool:
    """Say whether `values` look like one more draw of an initializer."""
    if values.size < _LEAST:
        return False
    again = type(initializer).from_config({**initializer.get_config(), "seed": 1})
    drawn = _values(again(shape)).ravel()
    if np.ptp(values) > 1.5 * np.ptp(drawn):
        return False
    few = np.random.default_rng(0)
    a, b = (np.sort(few.permutation(v.ravel())[:_MOST]) for v in (values, drawn))
    every = np.concatenate([a, b])
    shares = [np.searchsorted(v, every, side="right") / len(v) for v in (a, b)]
    return bool(np.abs(shares[0] - shares[1]).max() < _SURE * np.sqrt(2 / len(a)))


def _unfreeze(model: Any) -> None:
    """Unfreeze each layer: on TensorFlow a Sequential does not pass `trainable` on."""
    model.trainable = True
    for _, layer in walk(model):
        layer.trainable = True


def train_everything(model: Any) -> None:
    """Make every layer trainable, in place; the optimizer starts anew at its present rate."""
    _unfreeze(model)
    optimizer = innermost(model.optimizer)
    replace_optimizer(model, type(optimizer).from_config(optimizer.get_config()))


@contextmanager
def everything_trainable(model: Any) -> Iterator[None]:
    """Make every layer trainable for a while, with a fresh optimizer like the model's own."""
    layers = [(model, model.trainable), *((x, x.trainable) for _, x in walk(model))]
    optimizer = innermost(model.optimizer)
    try:
        _unfreeze(model)
        with other_optimizer(model, type(optimizer).from_config(optimizer.get_config())):
            yield
    finally:
        for layer, trainable in layers:  # parents first: they overwrite their children
            if layer.trainable != trainable:
                layer.trainable = trainable
