"""What a trace says of the model and the fit, beside what happens in its steps."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any

import keras
import numpy as np

from keras_recipe.surgery.layers import weight_paths


def fingerprints(model: Any) -> dict[str, str]:
    """Return a hash of the bits of each trainable weight, by path."""
    return {
        path: hashlib.blake2b(_array(weight).tobytes(), digest_size=16).hexdigest()
        for path, weight in zip(weight_paths(model), model.trainable_variables, strict=True)
    }


def non_finite(model: Any) -> list[str]:
    """Return the paths of trainable weights with a NaN or an infinity."""
    return [
        path
        for path, weight in zip(weight_paths(model), model.trainable_variables, strict=True)
        if not np.isfinite(_array(weight).astype("float64")).all()
    ]


def shapes(model: Any) -> dict[str, list[int]]:
    """Return the shape of each trainable weight, by path."""
    weights = zip(weight_paths(model), model.trainable_variables, strict=True)
    return {path: [int(size) for size in weight.shape] for path, weight in weights}


def optimizer_facts(model: Any) -> dict[str, Any]:
    """Return the optimizer's name and whether it scales the loss (and then skips steps)."""
    outer = getattr(model, "optimizer", None)
    inner = getattr(outer, "inner_optimizer", outer)
    name = inner.__class__.__name__ if inner is not None else None
    return {"name": name, "scales_loss": inner is not outer}


def program_facts(model: Any) -> dict[str, Any]:
    """Return what decides whether the logs' loss can be compared with anything."""
    return {
        "custom_step": type(model).train_step is not keras.Model.train_step,
        "silent_output": _has_silent_output(model),
    }


def penalty(model: Any) -> float | None:
    """Return the sum of the weight penalties in the loss; None if there are others as well."""
    with suppress(Exception):  # what a layer adds to the loss may be a dead graph's tensor
        regular = [v for v in model.trainable_variables if getattr(v, "regularizer", None)]
        losses = model.losses
        if len(losses) == len(regular):
            return float(sum(float(keras.ops.convert_to_numpy(loss)) for loss in losses))
    return None


def spread(model: Any, x: Any) -> list[dict[str, float]]:
    """Return how much each output differs between rows, and its size.

    Args:
        model: A built model.
        x: Inputs of at least two rows that differ.

    Returns:
        For each output `spread`, the largest distance of a value from the mean over the rows,
        and `scale`, its largest size.
    """
    found = []
    for output in keras.tree.flatten(model.predict_on_batch(x)):
        values = np.asarray(output, "float64")
        away = np.abs(values - values.mean(axis=0))
        found.append({"spread": float(away.max()), "scale": float(np.abs(values).max())})
    return found


def _array(weight: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(weight))


def _has_silent_output(model: Any) -> bool:
    """Whether some output has no loss, so that what leads to it need not learn."""
    losses = keras.tree.flatten(getattr(model, "loss", None))
    outputs = len(getattr(model, "outputs", None) or [0])
    return None in losses or 1 < len(losses) < outputs
