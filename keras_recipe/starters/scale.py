"""Inputs brought to about mean 0 and variance 1 inside the model, by the rows given."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import InputError


def scaled(inputs: Any, x: Any) -> Any:
    """Return the inputs through a `Normalization` layer; as they are where `x` is None.

    A table is scaled column by column, everything else by channel. What never varies is only
    shifted: dividing by nothing would blow up the first row that differs.

    Args:
        inputs: Symbolic inputs `(rows, ..., channels)`.
        x: Rows of the same shape.

    Raises:
        InputError: `x` has another shape than the inputs, or no numbers.
    """
    if x is None:
        return inputs
    values = np.asarray(x)
    shape = tuple(inputs.shape[1:])
    fits = values.ndim == len(shape) + 1 and all(
        known in (None, size) for known, size in zip(shape, values.shape[1:], strict=True)
    )
    if not fits or values.dtype.kind not in "biuf" or not len(values):
        msg = (
            f"`x` must be rows of numbers of shape {shape}. "
            f"Received: {values.dtype} of shape {values.shape}"
        )
        raise InputError(msg)
    flat = np.ma.masked_invalid(values.reshape(-1, values.shape[-1]).astype("float64"))
    mean, variance = flat.mean(0).filled(0.0), flat.var(0).filled(1.0)
    variance[variance == 0] = 1.0
    return keras.layers.Normalization(mean=mean, variance=variance)(inputs)
