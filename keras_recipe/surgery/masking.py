"""Padding hidden from the layers that can leave it out, for as long as it is tried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from keras_recipe.surgery.compiled import put_back, remake
from keras_recipe.surgery.layers import walk

_L = keras.layers
RECURRENT = (_L.RNN, _L.Bidirectional)
AVERAGING = (
    *(_L.GlobalAveragePooling1D, _L.Attention, _L.AdditiveAttention),
    *(_L.MultiHeadAttention, _L.GroupQueryAttention),
)


def _says_what_is_padding(layer: Any) -> bool:
    if isinstance(layer, _L.Embedding):
        return bool(layer.mask_zero)
    own = type(layer).__module__.split(".")[0] != "keras" and not isinstance(layer, keras.Model)
    return isinstance(layer, _L.Masking) or (
        own and type(layer).compute_mask is not _L.Layer.compute_mask
    )


def makes_masks(model: Any) -> bool:
    """Whether a layer of the model says which steps are padding."""
    return any(_says_what_is_padding(layer) for _, layer in walk(model))


def users(model: Any) -> list[tuple[str, Any]]:
    """Return `(path, layer)` of the layers that can leave padding out when they are told."""
    return [(path, one) for path, one in walk(model) if isinstance(one, RECURRENT + AVERAGING)]


@contextmanager
def masked(model: Any, value: float = 0.0, entrance: str = "") -> Iterator[None]:
    """Have the model tell padding from data inside the `with` block.

    Every `Embedding` masks 0; without one the layer at `entrance` says which steps are padding,
    if it hands masks on, and a recurrent layer that nobody gives a mask leaves out the steps
    whose channels all hold `value`. On the way out everything is as it was.

    Args:
        model: A compiled `keras.Model`.
        value: What fills series up; embeddings always mask 0.
        entrance: Path of the layer that a series enters by, if its input is the series itself.
    """
    embeddings = [one for _, one in walk(model) if isinstance(one, _L.Embedding)]
    before = [(one, one.mask_zero, one.supports_masking) for one in embeddings]
    shadowed: list[tuple[Any, str]] = []
    with put_back(model):
        try:
            for one in embeddings:
                one.mask_zero = one.supports_masking = True
            if not embeddings:
                shadowed += _telling(model, value, entrance) + _shadowed(model, value)
            remake(model, absent=True)
            yield
        finally:
            for one, name in shadowed:
                del vars(one)[name]
            for one, mask_zero, supports_masking in before:
                one.mask_zero, one.supports_masking = mask_zero, supports_masking


def _telling(model: Any, value: float, entrance: str) -> list[tuple[Any, str]]:
    """Have the layer that a series enters by say which steps are padding, as `Masking` does."""
    layer = dict(walk(model)).get(entrance)
    readers = RECURRENT + AVERAGING
    if layer is None or isinstance(layer, readers) or not layer.supports_masking:
        return []

    def compute_mask(inputs: Any, previous_mask: Any = None) -> Any:
        if previous_mask is not None:
            return previous_mask
        return keras.ops.any(keras.ops.not_equal(inputs, value), axis=-1)

    vars(layer)["compute_mask"] = compute_mask
    return [(layer, "compute_mask")]


def _shadowed(model: Any, value: float) -> list[tuple[Any, str]]:
    """Give the recurrent layers a `call` that finds the mask itself; return these layers."""
    found = []
    inner = {id(part) for _, one in users(model) for _, part in walk(one)}
    for _, layer in users(model):
        if (
            isinstance(layer, RECURRENT)
            and id(layer) not in inner
            and "call" not in vars(layer)
        ):
            vars(layer)["call"] = _finding(layer.call, value)
            found.append((layer, "call"))
    return found


def _finding(call: Any, value: float) -> Any:
    def own_call(sequences: Any, *args: Any, mask: Any = None, **kwargs: Any) -> Any:
        if mask is None and not args:
            mask = keras.ops.any(keras.ops.not_equal(sequences, value), axis=-1)
        return call(sequences, *args, mask=mask, **kwargs)

    return own_call
