"""A label for every pixel: a small U-Net (Ronneberger, Fischer and Brox 2015)."""

from __future__ import annotations

from typing import Any

import keras

from keras_recipe.starters import counting
from keras_recipe.starters.image import halvings

FILTERS = (16, 32, 64, 128)  # at full size, and after each halving
TEXT = "a small U-Net"
NEEDS = frozenset({"convolution", "attention", "recurrent"})
STRANGE: frozenset[str] = frozenset()


def _depth(sides: tuple[int | None, ...]) -> int:
    return max(halvings(sides, len(FILTERS) - 1), 1)


def _convolved(hidden: Any, filters: int) -> Any:
    return keras.layers.Conv2D(
        filters, 3, padding="same", activation="relu", kernel_initializer="he_normal"
    )(hidden)


def body(inputs: Any) -> Any:
    """Return features of every pixel of pictures `(rows, height, width, channels)`.

    Pictures are filled up at the lower right to sides that can be halved, and cut again.
    """
    depth, sides = _depth(tuple(inputs.shape[1:3])), inputs.shape[1:3]
    missing = [(0, -side % 2**depth) for side in sides]
    filled = any(after for _, after in missing)
    hidden = keras.layers.ZeroPadding2D(missing)(inputs) if filled else inputs
    kept = []
    for count in FILTERS[:depth]:
        kept.append(_convolved(hidden, count))
        hidden = keras.layers.MaxPooling2D()(kept[-1])
    hidden = _convolved(hidden, FILTERS[depth])
    for same in reversed(kept):
        wider = keras.layers.UpSampling2D()(hidden)
        joined = keras.layers.Concatenate()([same, wider])
        hidden = _convolved(joined, same.shape[-1])
    return keras.layers.Cropping2D(missing)(hidden) if filled else hidden


def size(shape: tuple[int | None, ...]) -> tuple[int, int]:
    """Return the weights of `body`, and how many features a pixel it gives."""
    depth, channels, total = _depth(shape[:2]), shape[2] or 1, 0
    for count in FILTERS[: depth + 1]:
        total += counting.convolution((3, 3), channels, count)
        channels = count
    for count in reversed(FILTERS[:depth]):
        total += counting.convolution((3, 3), channels + count, count)
        channels = count
    return total, channels
