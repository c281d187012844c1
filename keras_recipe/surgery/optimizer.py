"""Another optimizer on a compiled model, its losses and metrics kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras


def replace_optimizer(model: Any, optimizer: Any) -> None:
    """Train on with a fresh `optimizer`, in place; weights, losses and metrics stay.

    Args:
        model: A compiled, built model.
        optimizer: A new `keras.optimizers.Optimizer`; wrapped for loss scaling where the old
            one was.
    """
    if isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(model.trainable_variables)
    model.optimizer = optimizer
    model.train_function = None  # the compiled step holds the old optimizer


@contextmanager
def other_optimizer(model: Any, optimizer: Any) -> Iterator[None]:
    """Use `optimizer` for a while; the old one and its compiled step come back."""
    before = model.optimizer, model.train_function
    try:
        replace_optimizer(model, optimizer)
        yield
    finally:
        model.optimizer, model.train_function = before
