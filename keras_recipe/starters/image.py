"""A picture: a small convolutional net.

The essay's advice for pictures is a pretrained ResNet-50, and for photographs of 200 pixels
and more that is the better start (`keras.applications.ResNet50`). It halves a picture five
times, though: of one of 32 pixels a single place is left, of one of 8 nothing, and its 23
million weights take minutes where this takes seconds. So the plain first net halves as often
as the picture allows, and looks once more at what is left.
"""

from __future__ import annotations

import math
from typing import Any

import keras

from keras_recipe.starters import counting

#: Filters from the first convolution on; the last ones repeat.
FILTERS = (32, 64, 128, 128, 128, 128)
LEFT = 4  # places to a side that are not halved any more
UNKNOWN_SIDE = 32  # pixels to a side where the shape does not say
TEXT = "a small convolutional net with average pooling"
NEEDS = frozenset({"convolution", "attention", "recurrent"})
STRANGE: frozenset[str] = frozenset()


def halvings(sides: tuple[int | None, ...], most: int = len(FILTERS) - 1) -> int:
    """Return how often a picture or series can be halved before few places are left."""
    side = min(UNKNOWN_SIDE if one is None else one for one in sides)
    return min(max(int(math.log2(max(side, 1) / LEFT)), 0), most)


def filters(sides: tuple[int | None, ...]) -> tuple[int, ...]:
    """Return the filters of each convolution: one before each halving, and one after them."""
    return FILTERS[: max(halvings(sides) + 1, 2)]


def body(inputs: Any) -> Any:
    """Return the features of pictures `(rows, height, width, channels)`."""
    hidden, sides = inputs, tuple(inputs.shape[1:3])
    for index, count in enumerate(filters(sides)):
        convolution = keras.layers.Conv2D(
            count, 3, padding="same", activation="relu", kernel_initializer="he_normal"
        )
        hidden = convolution(hidden)
        if index < halvings(sides):
            hidden = keras.layers.MaxPooling2D()(hidden)
    return keras.layers.GlobalAveragePooling2D()(hidden)


def size(shape: tuple[int | None, ...]) -> tuple[int, int]:
    """Return the weights of `body`, and how many features it gives."""
    total, channels = 0, shape[2] or 1
    for count in filters(shape[:2]):
        total += counting.convolution((3, 3), channels, count)
        channels = count
    return total, channels
