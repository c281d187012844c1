"""Fresh, larger copies of a compiled model: wider hidden layers, or one more of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from keras_recipe.core.errors import NotApplicable
from keras_recipe.surgery.heads import find_heads
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.optimizer import restarted
from keras_recipe.surgery.weight_decay import go_on_leaving_out
from keras_recipe.surgery.widen import cloned, hidden

MOST_UNITS = 512  # of a new layer: enough, see `experiments.growing`


def recompiled(model: Any, like: Any) -> Any:
    """Compile a model as another one, with a fresh optimizer of the same settings.

    Args:
        model: Not compiled yet.
        like: A compiled model.
    """
    settings = like.get_compile_config() or {}
    try:  # the loss itself: a Huber loses its delta on the way through a configuration
        config = {name: value for name, value in settings.items() if name != "loss"}
        if not all(getattr(layer, "supports_jit", True) for _, layer in walk(model)):
            config["jit_compile"] = False  # a layer that augments, on JAX
        model.compile(**keras.saving.deserialize_keras_object(config), loss=like.loss)
    except Exception:  # noqa: BLE001  an own loss or metric that Keras cannot make from its name
        model.compile(
            restarted(like.optimizer),
            like.loss,
            loss_weights=settings.get("loss_weights"),
            run_eagerly=like.run_eagerly,
            jit_compile=like.jit_compile,
        )
    go_on_leaving_out(model, like)
    return model


def widths_of(model: Any) -> list[tuple[Any, int]]:
    """Return the hidden layers that have a width and can be trained, with it.

    Args:
        model: A Sequential or functional model; of others the list is empty.
    """
    if not getattr(model, "layers", None):
        return []
    outputs = [head.layer for head in find_heads(model)]
    return [(layer, size) for layer, size in hidden(model, outputs) if layer.trainable]


def widened(model: Any, widths: Sequence[int]) -> Any:
    """Return a fresh compiled copy whose hidden layers have other widths.

    Args:
        model: A compiled Sequential or functional model.
        widths: One for each layer of `widths_of`, in order.

    Raises:
        NotApplicable: It cannot be built anew.
    """
    layers = [layer for layer, _ in widths_of(model)]
    by_name = {layer.name: int(width) for layer, width in zip(layers, widths, strict=False)}
    return recompiled(_with_fixed(model, _copied(model, by_name)), model)


def deepened(model: Any) -> Any:
    """Return a fresh compiled copy with one more hidden layer right before its output layer.

    It is as wide as what the output layer reads, up to `MOST_UNITS`.

    Args:
        model: A compiled Sequential or functional model with one output, made by its last
            layer.

    Raises:
        NotApplicable: It is not such a model, or it cannot be built anew.
    """
    heads = find_heads(model)
    last = model.layers[-1] if getattr(model, "layers", None) else None
    if len(heads) != 1 or last is None or heads[0].layer is not last:
        msg = "the output is not made by the last layer alone, so there is no place before it"
        raise NotApplicable(msg)
    copy = _with_fixed(model, _copied(model))
    if not copy.built or not copy.inputs:
        msg = "the shape of the inputs is not known before training; start with keras.Input"
        raise NotApplicable(msg)
    read = copy.layers[-1].input
    if isinstance(read, list | tuple) or read.shape[-1] is None:
        msg = "what the output layer reads is not one tensor of known size"
        raise NotApplicable(msg)
    units = min(int(read.shape[-1]), MOST_UNITS)
    more = keras.layers.Dense(units, "relu", kernel_initializer="he_normal")(read)
    output = type(last).from_config(last.get_config())(more)
    entrance = copy.inputs[0] if isinstance(copy, keras.Sequential) else copy.input
    return recompiled(keras.Model(entrance, output), model)


def _copied(model: Any, widths: dict[str, int] | None = None) -> Any:
    """Return a fresh copy that is not compiled.

    Keras would compile it by names, which losses of the user's own do not have.
    """
    model.compiled = False
    try:
        return cloned(model, widths)
    finally:
        model.compiled = True


def _with_fixed(model: Any, copy: Any) -> Any:
    """Give a copy the weights that training does not change: frozen or adapted ones."""
    for (_, old), (_, new) in zip(walk(model), walk(copy), strict=True):
        adapted = not old.trainable_weights
        moving = isinstance(old, keras.layers.BatchNormalization) and old.trainable
        if getattr(old, "layers", None) or moving or not old.weights or not adapted:
            continue
        if [w.shape for w in old.weights] == [w.shape for w in new.weights]:
            new.set_weights(old.get_weights())
    return copy
