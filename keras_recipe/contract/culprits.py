"""What makes a first loss absurd: taken out on trial, one thing at a time, and put back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from keras_recipe.contract.baselines import Baseline
from keras_recipe.contract.references import CLASSIFIED, as_output
from keras_recipe.contract.scored import ScoredHead
from keras_recipe.loss import predict
from keras_recipe.surgery.batch_norm import normalizations, settle
from keras_recipe.surgery.layers import walk

_CONV = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
_KERNELS = (keras.layers.Dense, *_CONV)
NEAR = 0.5  # of a class's share, or deviations: first predictions this near are the labels'
FEWEST = 16  # weights below which a standard deviation is mostly chance


def array(variable: Any) -> np.ndarray:
    """Return a variable's value."""
    return np.asarray(keras.ops.convert_to_numpy(variable), dtype="float64")


def gains(model: Any) -> list[tuple[str, Any, float]]:
    """Return `(path, kernel, gain)` of the trainable kernels of dense and convolution layers.

    The gain is root mean square times the square root of the fan-in: 1 for LeCun, 1.41 for
    He, at most 1.41 for Glorot and orthogonal weights; a unit's output has about that many
    times the scale of its inputs.
    """
    found = []
    for path, layer in walk(model):
        kernel = getattr(layer, "kernel", None) if isinstance(layer, _KERNELS) else None
        if kernel is None or not layer.trainable or math.prod(kernel.shape) < FEWEST:
            continue
        fan_in = math.prod(kernel.shape[:-1])
        rms = float(np.sqrt(np.mean(np.square(array(kernel)))))
        found.append((path, kernel, rms * math.sqrt(fan_in)))
    return found


@contextmanager
def assigned(values: list[tuple[Any, np.ndarray]]) -> Iterator[None]:
    """Give variables other values for a while; they are put back bit for bit."""
    before = [(v, np.array(keras.ops.convert_to_numpy(v))) for v, _ in values]
    try:
        for variable, value in values:
            variable.assign(value.astype("float32"))
        yield
    finally:
        for variable, value in before:
            variable.assign(value)


def were(
    baseline: Baseline, values: list[tuple[Any, np.ndarray]], *, training: bool = False
) -> Baseline:
    """Return the same baseline were some variables other.

    Args:
        baseline: A head.
        values: Variables and what they would be.
        training: Whether every BatchNormalization has the statistics of these rows, as in
            training. That is what `fit` starts from: in inference mode a fresh layer hands on
            inputs of any scale as they are, and so those of kernels of any scale.
    """
    scored, model = baseline.scored, baseline.scored.model
    norms = [layer for _, layer in normalizations(model)] if training else []
    moving = [v for layer in norms for v in (layer.moving_mean, layer.moving_variance)]
    if not (values or moving):
        return baseline
    with assigned([*values, *((v, array(v)) for v in moving)]):
        if moving:
            settle(model, scored.batch.x)
        outputs = predict(model, scored.batch.x)
    return Baseline(ScoredHead(model, scored.head, scored.batch, outputs), baseline.best)


def own_bias(baseline: Baseline) -> Any:
    """Return the head's bias if it isn't 0, else None.

    None too where it is that of the labels as they occur, and weights of the samples ask for
    another one: the two are often used together (TensorFlow's "imbalanced data" tutorial).
    """
    bias = baseline.scored.head.output.bias
    if bias is None or not array(bias).any() or _as_they_occur(baseline):
        return None
    return bias


def _as_they_occur(baseline: Baseline) -> bool:
    """Whether the first predictions are on average the labels, weights left out."""
    scored = baseline.scored
    weights, target = scored.batch.sample_weight, as_output(scored)
    if weights is None or target is None:
        return False
    mean = target.mean(0)
    classified = scored.head.kind in CLASSIFIED
    scale = np.minimum(mean, 1 - mean) if classified else target.std(0)
    return bool((np.abs(scored.p.mean(0) - mean) <= NEAR * scale).all())
