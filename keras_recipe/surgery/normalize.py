"""A model between layers that change what goes in or comes out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import InputError


def chained_like(model: Any, layers: list[Any]) -> Any:
    """Return a Sequential of `layers` for the input of `model`, compiled as that is.

    Args:
        model: A built, compiled model with one input and one output array.
        layers: What the input goes through, the model or its layers among them.

    Raises:
        InputError: The model has several inputs or outputs, or their shape is not known.
    """
    taken: Any = getattr(model, "input_shape", None)
    given: Any = getattr(model, "output_shape", None)
    for shape in (taken, given):
        if not isinstance(shape, tuple) or not shape or not isinstance(shape[-1], int):
            msg = (
                "A layer can be put before or behind a model with one input and one output of "
                "known shape only; change the scale in the pipeline instead. "
                f"Received: input_shape={taken!r}, output_shape={given!r}"
            )
            raise InputError(msg)
    made = keras.Sequential([keras.Input(taken[1:]), *layers])
    try:
        made.compile_from_config(model.get_compile_config())
    except (TypeError, ValueError):  # a loss or metric that is not registered with Keras
        optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        made.compile(optimizer, model.loss)
    return made


def put_normalization_first(model: Any, mean: np.ndarray, std: np.ndarray) -> Any:
    """Return `Sequential([Normalization, model])`, compiled like `model`, sharing its weights.

    Args:
        model: A built, compiled model with one input and one output array.
        mean: Mean of each feature (last axis) of the raw input, shape `(features,)`.
        std: Standard deviation of each, likewise.

    Raises:
        InputError: The model has several inputs or outputs, or their shape is not known.
    """
    layer = keras.layers.Normalization(mean=mean, variance=np.square(std))
    return chained_like(model, [layer, model])


@contextmanager
def normalization_first(model: Any, mean: np.ndarray, std: np.ndarray) -> Iterator[Any]:
    """Yield what `put_normalization_first` returns; training it trains the model's weights."""
    yield put_normalization_first(model, mean, std)


def put_rescaling_last(model: Any, mean: float, std: float) -> Any:
    """Return `Sequential([model, Rescaling])`, compiled like `model`, sharing its weights.

    The model then speaks in units of one standard deviation around the mean, while targets
    and predictions stay in their own.

    Args:
        model: A built, compiled model with one input and one output array.
        mean: Mean of the targets.
        std: Standard deviation of the targets.

    Raises:
        InputError: The model has several inputs or outputs, or their shape is not known.
    """
    return chained_like(model, [model, keras.layers.Rescaling(std, mean)])
