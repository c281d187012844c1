"""What an activation is called: by identity where it is Keras's own, else by its numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

import keras
import numpy as np

UNKNOWN = "unknown"

#: Tried first, so that `x -> x` reads "linear" and not a rarer function that agrees with it.
_COMMON = ("linear", "sigmoid", "softmax", "relu", "tanh", "softplus", "exponential")

#: Not elementwise: these need their last axis; too slow to try on numbers where rare.
_OVER_LAST_AXIS = ("softmax", "log_softmax")
_NOT_TRIED = ("sparsemax", "glu")

#: Numbers compared for elementwise functions; always as many, so that JAX compiles once.
_COMPARED = 256

_LAYERS = {
    keras.layers.LeakyReLU: "leaky_relu",
    keras.layers.PReLU: "prelu",
    keras.layers.ELU: "elu",
}


@cache
def builtins() -> dict[str, Callable[[Any], Any]]:
    """Return Keras's own activations by name, the common ones first."""
    offered = {
        name: fn
        for name, fn in vars(keras.activations).items()
        if callable(fn) and name not in ("get", "serialize", "deserialize")
    }
    return {name: offered[name] for name in dict.fromkeys((*_COMMON, *offered))}


def probe_values(rank: int) -> np.ndarray:
    """Return values that tell activations apart, shape `(2, 3, ..., 4)` with `rank` axes."""
    shape = (2, *(3,) * max(0, rank - 2), 4)
    spread = np.array([25.0, -9.0, 1.5, -2.5, 0.3, 7.0, -1.0, -0.25, 0.0, 4.0, 11.0])
    return np.resize(spread, shape).astype("float32")


def same(a: np.ndarray, b: np.ndarray, *, atol: float = 1e-5) -> bool:
    """Say whether two arrays hold the same numbers, up to the rounding of the coarser."""
    if a.shape != b.shape:
        return False
    half = min(a.dtype.itemsize, b.dtype.itemsize) < 4  # float16, bfloat16: 3 digits
    rtol, atol = (2e-2, max(atol, 5e-3)) if half else (1e-4, atol)
    return bool(np.allclose(a.astype("float64"), b.astype("float64"), rtol=rtol, atol=atol))


def apply(fn: Callable[[Any], Any], values: np.ndarray) -> np.ndarray | None:
    """Return `fn(values)` as NumPy, or None where `fn` can't take them."""
    # fn may be a user's: whatever it raises only means that its effect is not known.
    with suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of trying a softmax on one unit
        result = fn(keras.ops.convert_to_tensor(values, dtype="float32"))
        return np.asarray(keras.ops.convert_to_numpy(result))
    return None


def name_by_numbers(before: np.ndarray, after: np.ndarray) -> str:
    """Return the name of the Keras activation that turns `before` into `after`."""
    if before.shape != after.shape or not before.size:
        return UNKNOWN
    chosen = np.resize(np.arange(before.size), max(_COMPARED, before.size))
    chosen = chosen[:: max(1, before.size // _COMPARED)][:_COMPARED]
    few_before, few_after = before.ravel()[chosen], after.ravel()[chosen]
    for name, fn in builtins().items():
        if name in _NOT_TRIED:
            continue
        whole = name in _OVER_LAST_AXIS
        result = apply(fn, before if whole else few_before)
        if result is not None and same(result, after if whole else few_after):
            return name
    return UNKNOWN


def activation_name(fn: Any, rank: int = 2) -> str:
    """Return the Keras name of an activation.

    Args:
        fn: A function, an activation layer, or one of `keras.ops` as it stands in a graph.
        rank: Number of axes of what it is applied to; tells softmax over the last axis
            from softmax over another.

    Returns:
        A name such as `"sigmoid"`; `"unknown"` if no Keras activation gives its numbers.
    """
    if fn is None:
        return "linear"
    for name, known in builtins().items():
        if fn is known:
            return name
    if type(fn) in _LAYERS:
        return _LAYERS[type(fn)]
    values = probe_values(rank)
    result = apply(fn, values)
    return UNKNOWN if result is None else name_by_numbers(values, result)
