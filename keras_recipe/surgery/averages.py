"""A model whose optimizer averages the weights, fit to be used again after its training."""

from __future__ import annotations

from typing import Any

from keras import ops

from keras_recipe.surgery.optimizer import innermost


def averages(model: Any) -> bool:
    """Return whether the model's optimizer keeps a moving average of the weights."""
    return bool(getattr(innermost(getattr(model, "optimizer", None)), "use_ema", False))


def own_arrays(model: Any) -> None:
    """Give each weight an array of its own after a fit that averaged them; no bit changes.

    Keras ends such a fit by putting the averages into the weights, on JAX the very arrays. The
    next compiled call then gives the same memory away twice, and the second fit, or a `predict`
    after it, finds it deleted.
    """
    if averages(model):
        for weight in model.trainable_variables:
            weight.assign(ops.copy(weight))
