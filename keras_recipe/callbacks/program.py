"""What a trace says of the model and the fit, beside what happens in its steps."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import keras
import numpy as np

from keras_recipe.callbacks.trace import Trace
from keras_recipe.surgery.dropout import rates
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.monitored import monitored


def paths(model: Any) -> list[str]:
    """Return a path for each trainable weight, by the innermost layer that holds it."""
    owners: dict[int, tuple[int, bool, int, str]] = {}
    for path, layer in walk(model):
        weights = layer.weights
        rank = (len(weights), isinstance(layer, keras.Model), -path.count("/"))
        for weight in weights:
            found = (*rank, f"{path}/{weight.name}")
            owners[id(weight)] = min(found, owners.get(id(weight), found))
    return [owners[id(v)][-1] if id(v) in owners else v.path for v in model.trainable_variables]


def by_path(model: Any) -> dict[str, np.ndarray]:
    """Return the values of the trainable weights by path."""
    weights = zip(paths(model), model.trainable_variables, strict=True)
    return {path: np.asarray(keras.ops.convert_to_numpy(v)) for path, v in weights}


def fingerprints(weights: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Return a hash of the bits of each weight, by path."""
    return {
        path: hashlib.blake2b(value.tobytes(), digest_size=16).hexdigest()
        for path, value in weights.items()
    }


def non_finite(weights: Mapping[str, np.ndarray]) -> list[str]:
    """Return the paths of weights with a NaN or an infinity."""
    return [p for p, value in weights.items() if not np.isfinite(value.astype("float64")).all()]


def program_facts(model: Any) -> dict[str, Any]:
    """Return what decides whether the logs' loss can be compared with anything."""
    return {
        "custom_step": type(model).train_step is not keras.Model.train_step,
        "silent_output": _has_silent_output(model),
        "dropout": max((r.value for r in rates(model) if r.attribute != "stddev"), default=0.0),
    }


def penalty(model: Any) -> float | None:
    """Return the sum of the weight penalties in the loss; None if there are others as well."""
    with suppress(Exception):  # what a layer adds to the loss may be a dead graph's tensor
        regular = [v for v in model.trainable_variables if getattr(v, "regularizer", None)]
        losses = model.losses
        if len(losses) == len(regular):
            return float(sum(float(keras.ops.convert_to_numpy(loss)) for loss in losses))
    return None


def watched_logs(model: Any, callbacks: Any, trace: Trace) -> list[dict[str, Any]]:
    """Return what the callbacks of a fit watched in its logs."""
    names = {name for logs in trace.epochs for name in logs}
    held = any(name.startswith("val_") for name in names)
    found = {name.removeprefix("val_") for name in names}
    return monitored(model, callbacks, found, validated=held)


def _has_silent_output(model: Any) -> bool:
    """Whether some output has no loss, so that what leads to it need not learn."""
    spec = getattr(model, "loss", None)
    losses, outputs = keras.tree.flatten(spec), len(getattr(model, "outputs", None) or [0])
    return None in losses or (isinstance(spec, dict | list | tuple) and len(losses) < outputs)
