"""Regularization switched on, off and back, effective in the compiled training step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from keras_recipe.surgery.compiled import put_back, remake, remake_once
from keras_recipe.surgery.dropout import rates, set_dropout
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.schedule import set_learning_rate_decay
from keras_recipe.surgery.weight_decay import decays, optimizers, owned, set_weight_decay

__all__ = [
    "set_dropout",
    "set_learning_rate_decay",
    "set_weight_decay",
    "switch_off_regularization",
    "without_regularization",
]


@contextmanager
def without_regularization(model: Any) -> Iterator[bool]:
    """Train without dropout, noise, weight decay and penalties inside the `with` block.

    On the way out every rate, decay and regularizer is what it was, and so are the model's
    compiled functions: the very objects of before. What a layer adds by `add_loss` in its
    own `call` stays. Within `remembered`, the functions without are traced once.

    Args:
        model: A `keras.Model`, compiled or not.

    Yields:
        True if something was switched off; False if the model has no regularization, and
        then nothing is traced again.
    """
    on = _switched_on(model)
    if not on:
        yield False
        return
    with put_back(model):
        try:
            for owner, name, value in on:
                setattr(owner, name, 0.0 if isinstance(value, int | float) else None)
            remake_once(model, [part for owner, name, _ in on for part in (owner, name)])
            yield True
        finally:
            for owner, name, value in on:
                setattr(owner, name, value)


def switch_off_regularization(model: Any) -> None:
    """Take dropout, noise, weight decay and penalties away for good.

    `set_dropout(model, None)` and `set_weight_decay(model, None)` bring back theirs.
    """
    set_dropout(model, 0.0)
    set_weight_decay(model, 0.0)
    for owner, name, value in _switched_on(model):
        setattr(owner, name, 0.0 if isinstance(value, int | float) else None)
    remake(model)


def _switched_on(model: Any) -> list[tuple[Any, str, Any]]:
    """Return `(owner, attribute, value)` of all that regularizes."""
    found: list[tuple[Any, str, Any]] = [
        (rate.layer, rate.attribute, getattr(rate.layer, rate.attribute))
        for rate in rates(model)
        if rate.value
    ]
    found += [
        (optimizer, name, value)
        for optimizer in optimizers(model)
        for name, value in decays(optimizer).items()
        if value
    ]
    found += [
        (one.variable, "regularizer", one.variable.regularizer)
        for one in owned(model)
        if one.variable.regularizer is not None
    ]
    found += [
        (layer, "activity_regularizer", layer.activity_regularizer)
        for layer in [model, *(layer for _, layer in walk(model))]
        if getattr(layer, "activity_regularizer", None) is not None
    ]
    return found
