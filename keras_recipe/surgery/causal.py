"""Convolutions that see later steps, padded on the left alone instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from keras_recipe.surgery.compiled import put_back, remake
from keras_recipe.surgery.layers import walk


def two_sided(model: Any) -> list[Any]:
    """Return the convolutions along one axis that are padded on both sides."""
    found = [layer for _, layer in walk(model) if isinstance(layer, keras.layers.Conv1D)]
    return [one for one in found if one.padding == "same" and one.kernel_size[0] > 1]


def pad_causally(model: Any, layers: Sequence[Any]) -> None:
    """Pad convolutions on the left alone, for good; shapes and weights stay.

    Args:
        model: The model whose layers they are.
        layers: What `two_sided` found.
    """
    for layer in layers:
        layer.padding = "causal"
    remake(model, absent=True)


@contextmanager
def padded_causally(model: Any, layers: Sequence[Any]) -> Iterator[None]:
    """Pad convolutions on the left alone for a while."""
    with put_back(model):
        try:
            pad_causally(model, layers)
            yield
        finally:
            for layer in layers:
                layer.padding = "same"
