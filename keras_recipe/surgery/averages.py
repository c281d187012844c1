"""A model whose optimizer averages the weights, fit to be used again after its training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from keras import ops

from keras_recipe.surgery.optimizer import innermost


def averages(model: Any) -> bool:
    """Return whether the model's optimizer keeps a moving average of the weights."""
    return bool(getattr(innermost(getattr(model, "optimizer", None)), "use_ema", False))


@contextmanager
def unaveraged(model: Any) -> Iterator[None]:
    """Let each fit inside the `with` block end with the weights that it reached.

    A few hundred steps are too short for an average that is meant for the whole training: at a
    momentum of 0.999, 300 steps leave three quarters of it to the first one's weights.

    Args:
        model: A compiled model; use it under `preserve`, as steps are compiled meanwhile.
    """
    inner = innermost(getattr(model, "optimizer", None))
    averaged = averages(model)
    try:
        if averaged:
            inner.use_ema = False
        yield
    finally:
        if averaged:
            inner.use_ema = True


def own_arrays(model: Any) -> None:
    """Give each weight an array of its own after a fit that averaged them; no bit changes.

    Keras ends such a fit by putting the averages into the weights, on JAX the very arrays. The
    next compiled call then gives the same memory away twice, and the second fit, or a `predict`
    after it, finds it deleted.
    """
    if averages(model):
        for weight in model.trainable_variables:
            weight.assign(ops.copy(weight))
