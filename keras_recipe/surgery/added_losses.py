"""What layers add to the loss while they are called: whether they do, and training without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from keras_recipe.surgery.compiled import put_back, remake_once
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.optimizer import other_optimizer, rate_of, restarted
from keras_recipe.surgery.preserve import preserve


@contextmanager
def _instead(model: Any, add: Callable[..., None]) -> Iterator[list[Any]]:
    """Have `add` called in the place of each layer's `add_loss`; yield the layers."""
    layers = [model, *(layer for _, layer in walk(model))]
    try:
        for layer in layers:
            vars(layer)["add_loss"] = add
        yield layers
    finally:
        for layer in layers:
            vars(layer).pop("add_loss", None)


def adds_losses(model: Any, x: Any) -> bool:
    """Return whether a layer adds to the loss when the model trains on the rows `x`.

    An `activity_regularizer` does; the regularizers of weights do not. The model's state stays.
    """
    called: list[Any] = []
    with suppress(Exception), preserve(model), _instead(model, called.append):
        model(x, training=True)
    return bool(called)


@contextmanager
def without_added_losses(model: Any) -> Iterator[None]:
    """Train without what layers add to the loss inside the `with` block.

    The optimizer starts anew, at the rate it has reached: Adam's memory of far larger
    gradients would keep its steps small (a digits net under L2(10) on its activities learned
    -0.02 of what can be learned with that memory, 0.87 without). Afterwards the model's
    optimizer and compiled functions are the very objects of before.

    Args:
        model: A compiled `keras.Model`.
    """
    fresh = restarted(model.optimizer, learning_rate=rate_of(model.optimizer))
    with other_optimizer(model, fresh), put_back(model), _instead(model, _ignore) as layers:
        remake_once(model, [part for layer in layers for part in (layer, "add_loss")])
        yield


def _ignore(loss: Any) -> None:
    """Take a loss and leave it out."""
