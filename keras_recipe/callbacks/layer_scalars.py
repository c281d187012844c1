"""What a trace holds of each layer, as curves."""

from __future__ import annotations

from collections.abc import Iterator

from keras_recipe.callbacks.keras_tags import numbers
from keras_recipe.callbacks.trace import Trace

#: Of the numbers a trace keeps of a layer's weights, those that make a readable curve.
WEIGHTS = ("gradient_norm", "weight_norm", "update_ratio")


def layer_scalars(
    trace: Trace, weights_from: int = 0, activations_from: int = 0
) -> Iterator[tuple[str, int, float]]:
    """Yield `(tag, epoch, value)` for every layer.

    Args:
        trace: What was recorded; epochs count from 0.
        weights_from: First entry of `trace.weights` to take.
        activations_from: First entry of `trace.activations` to take.
    """
    newer = Trace(weights=trace.weights[weights_from:]).layers
    for epoch, layers in enumerate(newer, start=weights_from):
        for layer, found in layers.items():
            for name, value in numbers({kind: found.get(kind) for kind in WEIGHTS}):
                yield f"recipe/{name}/{layer}", epoch, value
    for entry in trace.activations[activations_from:]:
        for layer, found in entry["layers"].items():
            for name, value in numbers(found):
                yield f"recipe/activation_{name}/{layer}", entry["epoch"], value
