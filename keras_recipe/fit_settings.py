"""What `fit` would be called with: its settings, looked at before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch, leaves


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """What `fit` would be called with.

    Attributes:
        batch_size: Rows a step; the data's own for datasets.
        epochs: Number of epochs.
        shuffle: Whether rows are shuffled each epoch.
        class_weight: Weight by class number, or None.
        validation_split: Share of rows cut off the end for validation.
        num_samples: Training rows, or None when not known before reading.
        steps_per_epoch: Steps an epoch, or None likewise.
        validation_batch_size: Rows a step of validation; the data's own for datasets.
        validation_steps: Steps of a validation; None for all of it.
    """

    batch_size: int
    epochs: int
    shuffle: bool
    class_weight: Mapping[int, float] | None
    validation_split: float
    num_samples: int | None
    steps_per_epoch: int | None
    validation_batch_size: int = 32
    validation_steps: int | None = None


def refuse_unless_count(name: str, value: Any, least: int) -> None:
    """Refuse what is neither None nor a whole number of at least `least`.

    Raises:
        InputError: It is not.
    """
    is_count = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if value is not None and not (is_count and value >= least):
        msg = f"`{name}` must be a whole number of at least {least}. Received: {value!r}"
        raise InputError(msg)


def class_weights(class_weight: Any) -> dict[int, float] | None:
    """Return weights by class number as plain numbers.

    Raises:
        InputError: They are no dict of numbers.
    """
    if class_weight is None:
        return None
    if not isinstance(class_weight, Mapping):
        msg = (
            "`class_weight` must be a dict from class number to weight. "
            f"Received: {type(class_weight).__name__}"
        )
        raise InputError(msg)
    try:
        return {int(k): float(v) for k, v in class_weight.items()}
    except (TypeError, ValueError) as error:
        msg = f"`class_weight` must map whole numbers to numbers. Received: {class_weight!r}"
        raise InputError(msg) from error


def weighted(batch: Batch, class_weight: Mapping[int, float] | None) -> Batch:
    """Return `batch` with class weights multiplied into its sample weights, as Keras does."""
    targets = leaves(batch.y)
    if class_weight is None or len(targets) != 1:
        return batch
    y = targets[0]
    vectors = y.ndim > 1 and y.shape[-1] > 1
    classes = y.argmax(-1) if vectors else np.rint(np.nan_to_num(y)).astype("int64")
    classes = classes.reshape(len(y), -1)[:, 0] if classes.ndim > 1 else classes
    weights = np.array([class_weight.get(int(c), 1.0) for c in classes], "float32")
    given = leaves(batch.sample_weight)
    return Batch(batch.x, batch.y, weights * given[0] if given else weights)
