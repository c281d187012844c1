"""Every layer of a model, nested ones included, by public means alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras


def _children(layer: Any) -> Iterator[Any]:
    """Yield the layers that `layer` holds in its attributes, in order of assignment."""
    found = list(layer.layers) if isinstance(layer, keras.Model) else []
    if type(layer) is keras.Sequential:  # its attributes hold the same layers in a graph
        yield from found
        return
    found += [
        leaf
        for name, value in vars(layer).items()
        if name not in ("_inbound_nodes", "_outbound_nodes", "_functional")
        for leaf in _leaves(value)
    ]
    seen = {id(vars(layer).get("_functional"))}  # a Sequential's own graph, not a layer of it
    for leaf in found:
        if id(leaf) not in seen:
            seen.add(id(leaf))
            yield leaf


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, keras.Layer):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)


def is_kernel(variable: Any) -> bool:
    """Whether inputs are multiplied with a weight.

    A bias can have several axes: one a head in attention, where that of the keys has no
    gradient at all (it cancels in the softmax), two in a GRU.
    """
    return len(variable.shape) > 1 and variable.name != "bias"


def walk(model: Any) -> list[tuple[str, Any]]:
    """Return `(path, layer)` for every layer below `model`, parents before children.

    Args:
        model: A `keras.Model`.

    Returns:
        One pair a layer object, each object once; the path joins the names from the
        model's own children down: `"encoder/dense_1"`.
    """
    found: list[tuple[str, Any]] = []
    seen = {id(model)}

    def visit(prefix: str, parent: Any) -> None:
        for child in _children(parent):
            if id(child) in seen or isinstance(child, keras.metrics.Metric):
                continue
            seen.add(id(child))
            path = f"{prefix}{child.name}"
            found.append((path, child))
            visit(f"{path}/", child)

    visit("", model)
    return found


def weight_paths(model: Any) -> list[str]:
    """Return a readable, unique path for each of `model.trainable_variables`, in order."""
    owners = {}
    for path, layer in walk(model):
        for variable in layer.weights:
            owners[id(variable)] = f"{path}/{variable.name}"
    return [owners.get(id(v), v.path) for v in model.trainable_variables]
