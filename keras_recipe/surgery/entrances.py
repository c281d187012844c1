"""The data as the network sees it: what arrives at the first layer with weights of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import leaves, mapped
from keras_recipe.loss import tensors
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.outputs import observable
from keras_recipe.surgery.shadowed import Around, shadowed

_L = keras.layers
#: Bring their input to unit scale themselves.
_NORMALISERS = (
    *(_L.BatchNormalization, _L.LayerNormalization, _L.GroupNormalization),
    *(_L.RMSNormalization, _L.UnitNormalization),
)
#: Have weights, but only shift and scale: what leaves them counts.
_TRANSPARENT = (_L.Normalization,)
#: Run their inner layers in a loop of the backend: entered as one.
_UNITS = (_L.RNN, _L.Wrapper, _L.Bidirectional)
#: What a layer is called with beside its input.
_BESIDE = ("mask", "training", "initial_state")


@dataclass(frozen=True, kw_only=True)
class Entrance:
    """Where one input first meets weights.

    Attributes:
        path: Path of that layer.
        kind: `"kernel"`, `"normaliser"` or `"tokens"` (an Embedding).
        values: What the layer got for the rows, array `(rows, ...)`.
    """

    path: str
    kind: str
    values: np.ndarray


@dataclass(frozen=True)
class Seen:
    """What the layers with weights got for some rows.

    Attributes:
        entrances: One for each input in flattened order; None where no layer noticed it.
        calls: `(path, values)` for every such layer, in the order they ran; of a model with
            one input only for the first, if that is where it enters.
    """

    entrances: list[Entrance | None]
    calls: list[tuple[str, np.ndarray]]

    @property
    def same_for_all(self) -> bool:
        """Whether every layer got the same for every row, to the last bit."""
        return bool(self.calls) and all((v == v[:1]).all() for _, v in self.calls)


def _owners(model: Any) -> list[tuple[str, Any]]:
    """Return the layers that hold weights themselves, or normalise, as one can tap them."""
    found = []
    for path, layer in observable(model):
        inner = {id(v) for _, child in walk(layer) for v in child.weights}
        own = [v for v in layer.weights if id(v) not in inner]
        whole = isinstance(layer, _UNITS) and layer.weights
        if (own or whole or isinstance(layer, _NORMALISERS)) and not isinstance(
            layer, _TRANSPARENT
        ):
            found.append((path, layer))
    return found


class _Enough(BaseException):
    """Raised inside a layer when no more needs to be heard."""


def _noting(calls: list[tuple[str, Any]], most: int | None) -> Around:
    """Return what notes the first argument of a layer's call, and stops after `most`."""

    def around(path: str, layer: Any) -> Callable[..., Any]:
        original = layer.call

        def call(*args: Any, **kwargs: Any) -> Any:
            inputs = args or [v for k, v in kwargs.items() if k not in _BESIDE]
            calls.append((path, keras.tree.flatten(inputs)[0]))
            if len(calls) == most:
                raise _Enough
            return original(*args, **kwargs)

        return call

    return around


def _calls(
    model: Any,
    owners: list[tuple[str, Any]],
    x: Any,
    most: int | None = None,
    *,
    training: bool = False,
) -> list[tuple[str, np.ndarray]]:
    """Return what the first `most` layers got (all when None), in the order they ran."""
    recorded: list[tuple[str, Any]] = []
    with suppress(_Enough), shadowed(owners, _noting(recorded, most)):
        takes = "training" in inspect.signature(model.call).parameters
        model(tensors(x), **({"training": training} if takes else {}))
    found, rows = [], len(leaves(x)[0])
    for path, value in recorded:
        with suppress(Exception):  # a traced value (inside a loop) has no numbers
            array = np.asarray(keras.ops.convert_to_numpy(value))
            if array.ndim and len(array) == rows:  # not something shared by all rows
                found.append((path, array))
    return found


def _rolled(x: Any, index: int) -> Any:
    """Return `x` with the rows of one leaf moved on by one."""
    flat = keras.tree.flatten(x)
    flat[index] = np.roll(flat[index], 1, axis=0)
    return keras.tree.pack_sequence_as(x, flat)


def _first_moved(
    calls: list[tuple[str, np.ndarray]],
    moved: list[tuple[str, np.ndarray]],
    kinds: dict[str, str],
) -> Entrance | None:
    """Return the first layer that got something else when rows were moved."""
    for (path, before), (_, after) in zip(calls, moved, strict=True):
        if before.shape != after.shape or not np.array_equal(before, after):
            return Entrance(path=path, kind=kinds[path], values=before)
    return None


def _kind(layer: Any) -> str:
    if isinstance(layer, _NORMALISERS):
        return "normaliser"
    return "tokens" if isinstance(layer, _L.Embedding) else "kernel"


def seen_by(model: Any, x: Any) -> Seen | None:
    """Return what the first layers with weights get for the rows of `x`.

    Works by listening: the first layer whose input changes when the rows of one input are
    moved on by one is where that input enters, whatever stands before it (Rescaling, adapted
    Normalization, lookups, plain arithmetic in `call`).

    Args:
        model: A built model; it is called eagerly, once and once more for each input. Call it
            under `preserve`.
        x: Inputs, arrays `(rows, ...)`; a few dozen rows are enough.

    Returns:
        None when the model cannot be called eagerly.
    """
    owners = _owners(model)
    kinds = {path: _kind(layer) for path, layer in owners}
    x = mapped(lambda leaf: leaf, x)
    inputs = len(keras.tree.flatten(x))
    with suppress(Exception):  # the user's own `call` runs here; "not known" is an answer
        for most in (1, None) if inputs == 1 else (None,):  # the first layer usually is it
            calls = _calls(model, owners, x, most)
            entrances = [
                _first_moved(calls, _calls(model, owners, _rolled(x, index), most), kinds)
                for index in range(inputs)
            ]
            if all(entrances):
                break
        return Seen(entrances, calls)
    return None


def entering(model: Any, x: Any, *, training: bool) -> tuple[str, np.ndarray] | None:
    """Return the first layer with weights and what it gets for the rows of `x`.

    Args:
        model: A built model of one input; it is called eagerly. Call it under `preserve`.
        x: Inputs `(rows, ...)`.
        training: Whether as in training, with augmentation, or as in inference.

    Returns:
        `(path, values)`; None when the model cannot be called eagerly.
    """
    with suppress(Exception):  # as in `seen_by`
        for found in _calls(model, _owners(model), x, 1, training=training):
            return found
    return None
