"""The same architecture with wider hidden layers, or one more, freshly initialised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.surgery.heads import find_heads
from keras_recipe.surgery.rehead import compile_like

_L = keras.layers

#: The setting that holds the width of each kind of layer.
_WIDTHS = {
    _L.Dense: "units",
    **dict.fromkeys((_L.Conv1D, _L.Conv2D, _L.Conv3D), "filters"),
    **dict.fromkeys((_L.LSTM, _L.GRU, _L.SimpleRNN), "units"),
    _L.Embedding: "output_dim",
}
_WRAPPERS = (_L.Bidirectional, _L.TimeDistributed)


def _inner(layer: Any) -> Any:
    if isinstance(layer, keras.layers.Bidirectional):
        return layer.forward_layer
    return layer.layer if isinstance(layer, keras.layers.TimeDistributed) else layer


def _setting(layer: Any) -> str:
    return _WIDTHS.get(type(_inner(layer)), "")


def hidden(model: Any, outputs: Sequence[Any]) -> list[tuple[Any, int]]:
    """Return the hidden layers that have a width, with it.

    Args:
        model: A Sequential or functional model.
        outputs: The layers that make an output.
    """
    return [
        (layer, int(inner.get_config()[_setting(layer)]))
        for layer in model.layers
        if _setting(layer)
        for inner in (_inner(layer),)
        if not any(one in (layer, inner) for one in outputs)
    ]


def cloned(model: Any, widths: dict[str, int] | None = None) -> Any:
    """Return a fresh copy of a model, with other widths where these are given.

    Args:
        model: A Sequential or functional model of Keras's own class.
        widths: New width by name of the layer.

    Raises:
        NotApplicable: It cannot be built anew from its configuration.
    """

    def made(layer: Any) -> Any:
        config, width = layer.get_config(), (widths or {}).get(layer.name)
        if width is not None and isinstance(layer, _WRAPPERS):
            for part in ("layer", "backward_layer"):
                if config.get(part):
                    config[part]["config"][_setting(layer)] = width
        elif width is not None:
            config[_setting(layer)] = width
        return type(layer).from_config(config)

    if (
        type(model) not in (keras.Sequential, keras.Model)
        and type(model).__name__ != "Functional"
    ):
        msg = f"a {type(model).__name__} of your own cannot be built anew in another width"
        raise NotApplicable(msg)
    try:
        return keras.models.clone_model(model, clone_function=made)
    except Exception as error:  # own layers, fixed shapes, residuals: each has its own error
        text = " ".join(str(error).split())[:200]
        msg = f"the model cannot be built anew in another width: {text}"
        raise NotApplicable(msg) from error


def wider(model: Any, outputs: Sequence[Any], width: int) -> Any:
    """Return a fresh copy of a model, its hidden layers four times as wide.

    Args:
        model: A Sequential or functional model.
        outputs: The layers that make an output.
        width: Least width of a hidden layer; where there is none, one of it is put in.

    Raises:
        NotApplicable: It cannot be built anew in another width.
    """
    layers = hidden(model, outputs)
    widths = {layer.name: max(4 * size, width) for layer, size in layers}
    return cloned(model, widths) if widths else deeper(model, width)


def widen(model: Any, width: int = 32) -> Any:
    """Return a fresh, wider copy of a model, compiled like it with a fresh optimizer.

    Args:
        model: A built, compiled Sequential or functional model.
        width: As in `wider`; the default is that of KR210.

    Raises:
        InputError: It cannot be built anew in another width.
    """
    outputs = [head.layer for head in find_heads(model)]
    try:
        made = wider(model, outputs, width)
        compile_like(made, model, model.loss)
    except NotApplicable as reason:
        msg = f"Widen it where it is built: {reason}"
        raise InputError(msg) from reason
    return made


def deeper(model: Any, units: int) -> Any:
    """Return a fresh copy of a Sequential with a hidden layer before its last layer.

    Raises:
        NotApplicable: It is no Sequential, or it cannot be built anew.
    """
    if type(model) is not keras.Sequential:
        msg = "there is no hidden layer to widen"
        raise NotApplicable(msg)
    copy = cloned(model)
    shape = tuple(model.input_shape[1:])
    return keras.Sequential(
        [
            keras.Input(shape, dtype=model.inputs[0].dtype),
            *copy.layers[:-1],
            keras.layers.Dense(units, activation="relu"),
            type(copy.layers[-1]).from_config(copy.layers[-1].get_config()),
        ]
    )
