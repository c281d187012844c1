"""The output layers of a model: which layer makes each output, and through which activation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras

from keras_recipe.surgery.activations import UNKNOWN, activation_name
from keras_recipe.surgery.graph import Tail, has_kernel, is_graph, is_keras_own, tail_of
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.taps import listen


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputHead:
    """One output of a model and what makes it.

    Attributes:
        name: The output's name (its key in a dict, the name Keras uses in `loss={...}`).
        layer: The layer with a kernel that makes the output; None if not found.
        activation: Final non-linearity ("linear", "sigmoid", ...); "unknown" if not known.
        bias: The variable that shifts the output before its activation; None if there is
            none (`use_bias=False`) or it is not known.
        sure: True if `output = activation(kernel . x + bias)` is proved, reshaping apart.
        why: One sentence: how it was found, or why it is not sure.
        shape: Shape of the output without the batch axis; None for an axis of any length.
        transform: What turns `kernel . x + bias` into the output; where `layer` is None,
            the last activations alone; None if not known.
    """

    name: str
    layer: Any = None
    activation: str = UNKNOWN
    bias: Any = None
    sure: bool = False
    why: str = ""
    shape: tuple[int | None, ...] = ()
    transform: Callable[[Any], Any] | None = None


def find_heads(model: Any, x: Any = None) -> list[OutputHead]:
    """Return one `OutputHead` for each output, in the order of `keras.tree.flatten`.

    Walks the graph back where there is one. Where there is none (a subclassed model), or it
    leads nowhere, the model is called eagerly in inference mode on a few rows, its layers
    are listened to, and a layer is believed when the numbers prove it: its value gives the
    output, and shifting its bias (put back bit for bit) shifts that value by as much.

    Args:
        model: Any `keras.Model`, compiled or not. Never raises on a strange one.
        x: A small batch of inputs for a model without a graph; made up from its input
            shape by default.
    """
    model = getattr(model, "recipe_inner", model)
    heads = [_from_graph(model, index) for index in range(_count(model))]
    if heads and not any(_worth_listening(head) for head in heads):
        return heads
    heard = listen(model, x)
    if heard is None:
        return heads or [_guess(model)]
    heads = heads or [OutputHead(name=name, shape=s) for name, s in heard.names]
    for index, head in enumerate(heads):
        tail, proved = heard.tails[index], heard.proved[index]
        better = proved or head.activation == UNKNOWN
        if tail.layer is not None and better and _worth_listening(head):
            heads[index] = _head(head, tail, proved=proved)
    return [head if head.why else replace(head, why=_LOST) for head in heads]


_LOST = "No layer's value could be turned into this output by a Keras activation."


def _worth_listening(head: OutputHead) -> bool:
    return not head.sure and (head.layer is None or not is_keras_own(head.layer))


def _count(model: Any) -> int:
    """Return the number of outputs that can be walked back from."""
    if isinstance(model, keras.Sequential):
        return int(bool(model.layers))
    return len(model.outputs) if is_graph(model) else 0


def _names(model: Any) -> list[str]:
    if isinstance(model, keras.Sequential):
        return [model.layers[-1].name]
    if isinstance(model.output, dict):
        paths = keras.tree.flatten_with_path(model.output)
        return ["/".join(str(part) for part in path) for path, _ in paths]
    return list(model.output_names)


def _from_graph(model: Any, index: int) -> OutputHead:
    outputs = getattr(model, "outputs", None)
    shape = tuple(outputs[index].shape)[1:] if outputs else ()
    tail = tail_of(model, index)
    blank = OutputHead(name=_names(model)[index], shape=shape)
    return _head(blank, tail, proved=is_keras_own(tail.layer))


def _head(blank: OutputHead, tail: Tail, *, proved: bool) -> OutputHead:
    """Fill an `OutputHead` in from what stands before the output."""
    layer, names, functions = tail.layer, list(tail.names), list(tail.functions)
    own = getattr(layer, "activation", None)
    if layer is not None:
        name = activation_name(own, len(blank.shape) + 1)
        if name != "linear" or not names:
            names.append(name)
            functions.append(own or keras.activations.linear)
    why = tail.why or _doubt(layer, names, blank.shape, proved=proved)
    return replace(
        blank,
        layer=layer,
        activation=names[0] if names else UNKNOWN,
        bias=getattr(layer, "bias", None),
        sure=layer is not None and not why,
        why=why or f"`{layer.name}` makes it: {' after '.join(names)}.",
        transform=_chain(functions) if names and UNKNOWN not in names[:1] else None,
    )


def _doubt(layer: Any, names: list[str], shape: tuple[int | None, ...], *, proved: bool) -> str:
    """Return why a head is not proved, or "" if it is."""
    if layer is None:
        return "no layer with a kernel was found"
    if len(names) > 1:
        return f"`{layer.name}` has an activation of its own under another: {names[::-1]}."
    if not proved and is_keras_own(layer):
        kind = type(layer).__name__
        return f"No Keras activation leads from `{layer.name}` ({kind}) to the output."
    if not proved:
        return f"What `{layer.name}` ({type(layer).__name__}) computes is not known."
    first = getattr(layer, "data_format", None) == "channels_first" and len(shape) > 1
    return f"`{layer.name}` has its channels first, not last." if first else ""


def _chain(functions: list[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def transform(values: Any) -> Any:
        for fn in reversed(functions):
            values = fn(values)
        return values

    return transform


def _guess(model: Any) -> OutputHead:
    """Return the last layer with a kernel as a guess: nothing could be tried."""
    layers = [layer for _, layer in walk(model) if has_kernel(layer)]
    if not layers:
        return OutputHead(name="output", why="The model has no layer with a kernel.")
    last, own = layers[-1], getattr(layers[-1], "activation", None)
    why = f"A guess: `{last.name}` is the last layer with a kernel; the model has no graph."
    return OutputHead(
        name="output",
        layer=last,
        activation=activation_name(own),
        bias=getattr(last, "bias", None),
        why=why,
    )
