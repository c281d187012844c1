"""A time series: a small convolutional net; a recurrent one where every step has a label."""

from __future__ import annotations

from typing import Any

import keras

from keras_recipe.starters import counting
from keras_recipe.starters.image import FILTERS, halvings

#: Steps a filter sees, the middle one of Wang, Yan and Oates 2017 ("time series classification
#: from scratch"), whose net this is with fewer filters.
KERNEL = 5
UNITS = 64
MOST_HALVINGS = 2
TEXT = "a small convolutional net over the steps, with average pooling"
STEP_TEXT = f"one GRU of {UNITS} units over the steps"
NEEDS = frozenset({"convolution", "attention", "recurrent"})
STRANGE: frozenset[str] = frozenset()


def _filters(steps: int | None) -> tuple[int, ...]:
    return FILTERS[: max(halvings((steps,), MOST_HALVINGS) + 1, 2)]


def body(inputs: Any) -> Any:
    """Return the features of series `(rows, steps, channels)`."""
    hidden, steps = inputs, inputs.shape[1]
    for index, count in enumerate(_filters(steps)):
        convolution = keras.layers.Conv1D(
            count, KERNEL, padding="same", activation="relu", kernel_initializer="he_normal"
        )
        hidden = convolution(hidden)
        if index < halvings((steps,), MOST_HALVINGS):
            hidden = keras.layers.MaxPooling1D()(hidden)
    return keras.layers.GlobalAveragePooling1D()(hidden)


def steps_body(inputs: Any) -> Any:
    """Return features of every step, none of which sees a later step."""
    return keras.layers.GRU(UNITS, return_sequences=True)(inputs)


def size(shape: tuple[int | None, ...]) -> tuple[int, int]:
    """Return the weights of `body`, and how many features it gives."""
    total, channels = 0, shape[1] or 1
    for count in _filters(shape[0]):
        total += counting.convolution((KERNEL,), channels, count)
        channels = count
    return total, channels


def steps_size(channels: int) -> tuple[int, int]:
    """Return the weights of `steps_body`, and how many features it gives."""
    return counting.gru(channels, UNITS), UNITS
