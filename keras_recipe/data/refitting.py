"""Other settings of `fit` on the same rows: class weights, epochs, batches, callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import leaves
from keras_recipe.data.given import Given
from keras_recipe.data.order import label_of_rows

_OF_THE_RATE = (
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.ReduceLROnPlateau,
)


def with_settings(arguments: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    """Return the arguments of `fit` with some changed."""
    return {**arguments, **changed}


def longer(arguments: Mapping[str, Any], *, times: int) -> dict[str, Any]:
    """Return the arguments of `fit` with that many times the epochs."""
    return {**arguments, "epochs": times * int(arguments.get("epochs") or 1)}


def without_rate_callbacks(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `fit` without Keras's callbacks that set the learning rate.

    Raises:
        InputError: There is none; a callback of the user's own is not known to be one.
    """
    given = keras.tree.flatten(arguments.get("callbacks") or [])
    kept = [one for one in given if not isinstance(one, _OF_THE_RATE)]
    if len(kept) == len(given):
        names = [type(one).__name__ for one in given]
        msg = f"Leave out the callback that sets the learning rate. Received: callbacks={names}"
        raise InputError(msg)
    return {**arguments, "callbacks": kept}


def weigh_evenly(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `fit` with class weights in inverse proportion to frequency.

    They take the place of weights by class or by sample; all classes weigh the same in all.

    Args:
        arguments: What `fit` would be given.

    Raises:
        InputError: The rows are no arrays, or have no single class.
    """
    given = Given.of(arguments)
    targets = leaves(given.training.y)
    labels = label_of_rows(targets[0]) if len(targets) == 1 else None
    if labels is None:
        msg = "Class weights need targets with one class a row."
        raise InputError(msg)
    classes, counts = np.unique(labels, return_counts=True)
    weights = counts.sum() / (len(counts) * counts)
    even = {int(c): float(w) for c, w in zip(classes, weights, strict=True)}
    return {**arguments, "class_weight": even, "sample_weight": None}
