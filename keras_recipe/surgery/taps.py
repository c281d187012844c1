"""Listening to layers in an eager call: proves which one makes an output, graph or not."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.surgery.activations import (
    UNKNOWN,
    builtins,
    name_by_numbers,
    probe_values,
    same,
)
from keras_recipe.surgery.graph import Tail, has_kernel, is_keras_own
from keras_recipe.surgery.layers import walk

#: Layers of fitting size tried for one output, last called first.
_CANDIDATES = 5


@dataclass(slots=True)
class Heard:
    """What an eager call told: per output, in flattened order."""

    names: list[tuple[str, tuple[int, ...]]]
    tails: list[Tail]
    proved: list[bool]


def listen(model: Any, x: Any = None) -> Heard | None:
    """Call `model` eagerly on a few rows and find the layer behind each output.

    Returns:
        None if the model cannot be called (not built, inputs not known, a call that raises).
    """
    # The user's own `call` runs here, on rows made up: whatever it raises means "not known".
    with suppress(Exception), _unchanged(model):
        rows = _made_up(model) if x is None else x
        outputs, calls = _call(model, rows)
        heard = Heard(names=_names(outputs), tails=[], proved=[])
        for index, value in enumerate(_arrays(outputs)):
            tail = _match(value, calls)
            heard.tails.append(tail)
            heard.proved.append(tail.layer is not None and _prove(model, rows, index, tail))
        return heard
    return None


@contextmanager
def _unchanged(model: Any) -> Iterator[None]:
    """Put back the state that an inference call may have moved."""
    before = [
        (variable, keras.ops.convert_to_numpy(variable).copy())
        for variable in model.non_trainable_variables
    ]
    try:
        yield
    finally:
        for variable, value in before:
            variable.assign(value)


def _made_up(model: Any) -> Any:
    """Return two rows that fit the model's inputs; raises where the inputs are not known."""
    generator = np.random.default_rng(0)

    def rows(shape: Any, dtype: str) -> np.ndarray:
        filled = (2, *(8 if size is None else int(size) for size in shape[1:]))
        values = generator.random(filled)
        return values.round().astype(dtype) if "int" in dtype else values.astype("float32")

    spec = getattr(model, "input", None)
    if spec is not None:
        return keras.tree.map_structure(
            lambda t: rows(t.shape, keras.backend.standardize_dtype(t.dtype)), spec
        )
    shape = model.get_build_config()["input_shape"]
    return keras.tree.map_shape_structure(lambda s: rows(s, "float32"), shape)


def _call(model: Any, rows: Any) -> tuple[Any, list[tuple[Any, Any]]]:
    """Return the model's outputs and `(layer, value)` in the order the layers were called."""
    calls: list[tuple[Any, Any]] = []
    tapped = [
        layer
        for _, layer in walk(model)
        if has_kernel(layer) or isinstance(layer, keras.layers.TimeDistributed)
    ]

    before = [(layer, vars(layer).get("call")) for layer in tapped]

    def tap(layer: Any) -> None:
        original = layer.call

        def call(*args: Any, **kwargs: Any) -> Any:
            value = original(*args, **kwargs)
            calls.append((getattr(layer, "layer", layer), value))
            return value

        layer.call = call

    try:
        for layer in tapped:
            tap(layer)
        takes = "training" in inspect.signature(model.call).parameters
        return model(rows, **({"training": False} if takes else {})), calls
    finally:
        for layer, own in before:
            vars(layer).pop("call", None)
            vars(layer).update({} if own is None else {"call": own})


def _names(outputs: Any) -> list[tuple[str, tuple[int, ...]]]:
    leaves = keras.tree.flatten_with_path(outputs)
    return [
        (_name(path), tuple(int(size) for size in tensor.shape[1:])) for path, tensor in leaves
    ]


def _name(path: tuple[Any, ...]) -> str:
    if not path:
        return "output"
    return "/".join(f"output_{part}" if isinstance(part, int) else str(part) for part in path)


def _arrays(outputs: Any) -> list[np.ndarray]:
    return [np.asarray(keras.ops.convert_to_numpy(t)) for t in keras.tree.flatten(outputs)]


def _fitting(value: np.ndarray, calls: list[tuple[Any, Any]]) -> list[tuple[Any, np.ndarray]]:
    """Return the calls whose value has as many numbers as an output, last first."""
    found: list[tuple[Any, np.ndarray]] = []
    for layer, tensor in reversed(calls):
        with suppress(Exception):  # a traced value (inside a loop) has no numbers
            array = np.asarray(keras.ops.convert_to_numpy(tensor))
            if array.size == value.size and len(found) < _CANDIDATES:
                found.append((layer, array.reshape(value.shape)))
    return found


def _match(value: np.ndarray, calls: list[tuple[Any, Any]]) -> Tail:
    """Return the layer whose value is the output, or becomes it through one activation."""
    fitting = _fitting(value, calls)
    for layer, array in fitting:
        if same(array, value):
            return Tail(layer=layer)
    for layer, array in fitting:
        name = name_by_numbers(array, value)
        if name != UNKNOWN:
            return Tail(layer=layer, names=[name], functions=[builtins()[name]])
    return Tail()


def _prove(model: Any, rows: Any, index: int, tail: Tail) -> bool:
    """Shift the bias and see the layer's value move by as much, and the output follow it.

    The shift is wide, so that it also tells apart what agrees near zero (relu and relu6).
    """
    layer = tail.layer
    bias = getattr(layer, "bias", None)
    if bias is None:
        return is_keras_own(layer)
    original = keras.ops.convert_to_numpy(bias).copy()
    shift = probe_values(2).ravel()
    shift = np.resize(shift, original.shape).astype("float32")
    activation = getattr(layer, "activation", None)
    try:
        if activation is not None:
            layer.activation = keras.activations.linear
        before = _value_and_output(model, rows, index, layer)
        bias.assign(original + shift)
        after = _value_and_output(model, rows, index, layer)
    finally:
        bias.assign(original)
        if activation is not None:
            layer.activation = activation
    values, outputs = (np.concatenate(pair) for pair in zip(before, after, strict=True))
    name = name_by_numbers(values.reshape(outputs.shape), outputs)
    tail.names = [] if name == "linear" else [name]
    tail.functions = [builtins()[name]] if name in builtins() and tail.names else []
    moved = same(after[0] - before[0], np.broadcast_to(shift, after[0].shape), atol=1e-3)
    return moved and name != UNKNOWN


def _value_and_output(
    model: Any, rows: Any, index: int, layer: Any
) -> tuple[np.ndarray, np.ndarray]:
    outputs, calls = _call(model, rows)
    value = [tensor for called, tensor in calls if called is layer][-1]
    return np.asarray(keras.ops.convert_to_numpy(value)), _arrays(outputs)[index]
