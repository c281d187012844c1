"""The settings of a training, read from its model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras


def optimizer(model: Any) -> Any:
    """Return what updates the weights, without the loss scaling around it; None if nothing."""
    found = getattr(model, "optimizer", None)
    return getattr(found, "inner_optimizer", found)


def learning_rates(model: Any) -> dict[str, float]:
    """Return the present learning rate, by the names `keras.callbacks.TensorBoard` gives.

    One optimizer: `learning_rate`; several: `learning_rate_<optimizer>` each.
    """
    found = optimizer(model)
    parts = getattr(found, "optimizers", None)
    if parts:
        return {f"learning_rate_{part.name}": _rate(part) for part in parts}
    known = isinstance(found, keras.optimizers.Optimizer)
    return {"learning_rate": _rate(found)} if known else {}


def hyperparameters(model: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a training: name to number or text.

    Args:
        model: A compiled model, built.
        params: Keras's parameters of the fit: `epochs` and `steps`.
    """
    update = optimizer(model)
    found = {
        "optimizer": type(update).__name__ if update else None,
        **learning_rates(model),
        "weight_decay": getattr(update, "weight_decay", None),
        "loss": _name(getattr(model, "loss", None)),
        "epochs": params.get("epochs"),
        "steps_per_epoch": params.get("steps"),
        "parameters": _size(model.weights),
        "trainable_parameters": _size(model.trainable_weights),
        "dtype_policy": model.dtype_policy.name,
        "backend": keras.backend.backend(),
    }
    return {name: value for name, value in found.items() if value is not None}


def _rate(part: Any) -> float:
    # by way of text, so that float32's 0.001 is not 0.0010000000474974513
    return float(str(keras.ops.convert_to_numpy(part.learning_rate)))


def _size(weights: Any) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def _name(loss: Any) -> str | None:
    """Return one text for a loss, or for several of them."""
    if isinstance(loss, Mapping):
        return ", ".join(f"{name}: {_name(part)}" for name, part in loss.items())
    if isinstance(loss, list | tuple):
        return ", ".join(str(_name(part)) for part in loss)
    if loss is None or isinstance(loss, str):
        return loss
    return str(getattr(loss, "name", None) or getattr(loss, "__name__", type(loss).__name__))
