"""Which layer gets what another one made, with nothing between that has weights."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import keras

from keras_recipe.surgery.layers import walk


def follows(model: Any, sources: Collection[Any], kind: Any) -> list[tuple[str, str]]:
    """Return `(source, layer)` names where a layer of a kind gets what a source made.

    Layers without weights in between (activations, pooling, reshapes) hand it on; a layer with
    weights hands it on, too, for a sum of dropped values varies as they do. What lies in a
    subclassed model's own `call` is not known, and nothing is said of it.

    Args:
        model: A Sequential or functional model, nested ones included; others have no pairs.
        sources: Layers.
        kind: Class of the layers that are looked for; frozen ones do not count.
    """
    graphs = [model, *(layer for _, layer in walk(model))]
    found: list[tuple[str, str]] = []
    for graph in graphs:
        if isinstance(graph, keras.Sequential):
            found += _in_row(graph.layers, sources, kind)
        elif type(graph).__name__ == "Functional":
            found += _in_graph(graph, sources, kind)
    return list(dict.fromkeys(found))


def _in_row(
    layers: Collection[Any], sources: Collection[Any], kind: Any
) -> list[tuple[str, str]]:
    found, last = [], None
    for layer in layers:
        last = layer if layer in sources else last
        if last is not None and isinstance(layer, kind) and layer.trainable:
            found.append((last.name, layer.name))
    return found


def _in_graph(graph: Any, sources: Collection[Any], kind: Any) -> list[tuple[str, str]]:
    """Follow each source's result through the graph, by the tensors of the layers' calls."""
    found = []
    carried: dict[int, str] = {}
    for layer in graph.layers:
        try:
            entered = keras.tree.flatten(layer.input)
            left = keras.tree.flatten(layer.output)
        except (AttributeError, ValueError):  # called twice: which call is not known
            continue
        origin = next((carried[id(t)] for t in entered if id(t) in carried), None)
        if origin is not None and isinstance(layer, kind) and layer.trainable:
            found.append((origin, layer.name))
        if layer in sources:
            origin = layer.name
        if origin is not None:
            carried |= {id(tensor): origin for tensor in left}
    return found
