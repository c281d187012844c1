"""The model's own loss, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import Batch, leaves, mapped
from keras_recipe.loss import LossUndefined, data_loss
from keras_recipe.task import Head

MOST_ALONE = 1024  # rows scored one after the other, some milliseconds each


class _RowByRow(keras.losses.Loss):
    """A loss function whose values are not put together."""

    def __init__(self, function: Any) -> None:
        super().__init__(reduction=None)
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the function's values, ranks made equal as `compile` does."""
        one, two = len(y_true.shape), len(y_pred.shape)
        if one == two + 1 and y_true.shape[-1] == 1:
            y_true, y_pred = (
                (y_true, y_pred[..., None]) if two == 1 else (y_true[..., 0], y_pred)
            )
        elif two == one + 1 and y_pred.shape[-1] == 1:
            y_true, y_pred = (
                (y_true[..., None], y_pred) if one == 1 else (y_true, y_pred[..., 0])
            )
        return self.function(y_true, y_pred)


def _spec(model: Any, head: Head) -> Any:
    """Return what `compile` was given as the loss of an output."""
    spec = getattr(model, "loss", None)
    if isinstance(spec, Mapping):
        return spec.get(head.name)
    if isinstance(spec, list | tuple):
        return spec[head.index] if head.index < len(spec) else None
    return head.loss.name if isinstance(spec, str) and head.loss.name else spec


def _apart(spec: Any) -> keras.losses.Loss | None:
    """Return a loss that does not put its values together."""
    found = keras.losses.get(spec) if isinstance(spec, str) else spec
    if isinstance(found, keras.losses.Loss):
        with suppress(Exception):  # the user's own class, with a config that does not make it
            return type(found).from_config({**found.get_config(), "reduction": None})
        return None
    return _RowByRow(found) if callable(found) else None


def row_losses(model: Any, head: Head, batch: Batch, outputs: Any) -> np.ndarray | None:
    """Return the loss of each row under the output's own loss, `(rows,)`; None without one.

    Sample weights and penalties are left out; a row with several labels has their mean. A loss
    that cannot be asked for its values row by row is computed on one row after the other, on
    the first 1024: the others are NaN. Metric states may move: call it under `preserve`.

    Args:
        model: A built model.
        head: The output that is scored.
        batch: The rows, targets included.
        outputs: What the model returned for them, in its own structure.
    """
    spec, target = _spec(model, head), head.target
    own = type(model).compute_loss is not keras.Model.compute_loss
    if target is None or not getattr(model, "compiled", False) or (spec is None and not own):
        return None
    apart = None if own else _apart(spec)
    if apart is not None:
        y, y_pred = leaves(batch.y)[target], keras.tree.flatten(outputs)[head.index]
        found = np.full(len(batch), np.nan)
        # PyTorch's cross-entropy raises on NaN where other backends' is NaN
        known = np.isfinite(np.asarray(y_pred, "float64").reshape(len(batch), -1)).all(1)
        with suppress(Exception):  # said below, or by the check that is about it
            made = apart(*(keras.ops.convert_to_tensor(a[known]) for a in (y, y_pred)))
            values = np.asarray(keras.ops.convert_to_numpy(made), "float64")
            if values.ndim and len(values) == known.sum():
                found[known] = values.reshape(len(values), -1).mean(1)
                return found
    return _one_by_one(model, batch, outputs)


def _one_by_one(model: Any, batch: Batch, outputs: Any) -> np.ndarray | None:
    found = np.full(len(batch), np.nan)
    for row in range(min(len(batch), MOST_ALONE)):
        place = slice(row, row + 1)
        try:
            found[row] = data_loss(
                model, batch.take(place), mapped(lambda a, place=place: a[place], outputs)
            )
        except LossUndefined:
            return None
    return found
