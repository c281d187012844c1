"""JAX's side of `keras_recipe.backend.Backend`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np


def weight_gradients(
    model: Any, x: Any, y: Any, sample_weight: Any = None, *, training: bool = False
) -> tuple[float, list[np.ndarray | None]]:
    """See `keras_recipe.backend.Backend`."""
    trainable, fixed = model.trainable_variables, model.non_trainable_variables
    metrics = model.metrics_variables

    def loss(weights: Any, others: Any, measures: Any, batch: Any) -> Any:
        inputs, targets, sizes = batch
        values = [*zip(trainable, weights, strict=True), *zip(fixed, others, strict=True)]
        values += zip(metrics, measures, strict=True)
        with keras.StatelessScope(state_mapping=values):
            outputs = model(inputs, training=training) if training else model(inputs)
            found = model.compute_loss(x=inputs, y=targets, y_pred=outputs, sample_weight=sizes)
        return jnp.asarray(found, dtype="float32")

    state = [[v.value for v in group] for group in (trainable, fixed, metrics)]
    batch = keras.tree.map_structure(
        lambda leaf: None if leaf is None else jnp.asarray(leaf), (x, y, sample_weight)
    )
    value, gradients = jax.jit(jax.value_and_grad(loss))(*state, batch)
    return float(value), [np.asarray(g, dtype="float32") for g in gradients]


def compiled_loss(model: Any) -> Callable[[Any, Any, Any], tuple[Any, Any]] | None:
    """See `keras_recipe.backend.Backend`: JAX compiles each op of an eager call by itself."""
    variables = list({id(v): v for v in [*model.variables, *model.metrics_variables]}.values())

    def loss(values: Any, y: Any, outputs: Any, sizes: Any) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            total = model.compute_loss(x=None, y=y, y_pred=outputs, sample_weight=sizes)
            return total, sum(model.losses)

    program = jax.jit(loss)
    return lambda *batch: program([v.value for v in variables], *batch)


def input_gradient(model: Any, x: Any) -> Callable[[list[np.ndarray]], list[Any]]:
    """See `keras_recipe.backend.Backend`."""
    flat = [jnp.asarray(leaf) for leaf in keras.tree.flatten(x)]

    def total(inputs: Any, weights: Any) -> Any:
        with keras.StatelessScope():
            outputs = model(keras.tree.pack_sequence_as(x, inputs))
        pairs = zip(keras.tree.flatten(outputs), weights, strict=True)
        return sum(jnp.sum(jnp.asarray(out, "float32") * weight) for out, weight in pairs)

    gradient = jax.jit(jax.grad(total))
    return lambda weights: [np.asarray(g, "float32") for g in gradient(flat, weights)]


def reduced(tensors: list[Any], *, norms: bool) -> Any:
    """See `keras_recipe.backend.Backend`."""
    del tensors, norms


def rng_state() -> Any:
    """JAX keeps no global generator."""
    return None


def set_rng_state(state: Any) -> None:
    """JAX keeps no global generator."""
    del state


def seed(seed: int) -> None:
    """JAX has no global generator."""
    del seed


def devices() -> list[str]:
    """See `keras_recipe.backend.Backend`."""
    return [f"{d.platform}:{d.id}" for d in jax.devices()]
