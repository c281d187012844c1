"""Layers that change the inputs in training only, before any weight is met."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from keras_recipe.surgery.compiled import put_back, remake
from keras_recipe.surgery.outputs import observable

_L = keras.layers
#: Disturb single numbers and leave the meaning: no augmentation.
_NOISE = (
    *(_L.Dropout, _L.SpatialDropout1D, _L.SpatialDropout2D, _L.SpatialDropout3D),
    *(_L.GaussianNoise, _L.GaussianDropout, _L.AlphaDropout, _L.ActivityRegularization),
)


def augmenters(model: Any) -> list[tuple[str, Any]]:
    """Return `(path, layer)` of the layers without weights that may act in training only.

    Keras's `Random...` layers, and layers of the user's own whose `call` is told `training`.
    """
    return [
        (path, layer)
        for path, layer in observable(model)
        if not layer.weights and not isinstance(layer, _NOISE) and _is_told(layer.call)
    ]


def _is_told(call: Any) -> bool:
    """Whether a `call` takes `training`."""
    try:
        return "training" in inspect.signature(call).parameters
    except (TypeError, ValueError):  # compiled elsewhere: it has no signature
        return False


@contextmanager
def without_augmentation(model: Any) -> Iterator[None]:
    """Train as in inference where inputs are augmented, inside the `with` block.

    On the way out every layer is as it was, and so are the model's compiled functions.

    Args:
        model: A compiled `keras.Model`.
    """
    found = [layer for _, layer in augmenters(model) if "call" not in vars(layer)]
    with put_back(model):
        try:
            for layer in found:
                vars(layer)["call"] = _at_rest(layer.call)
            remake(model, absent=True)
            yield
        finally:
            for layer in found:
                vars(layer).pop("call", None)


def _at_rest(call: Any) -> Any:
    """Return `call` as in inference, whatever it is told."""
    known = inspect.signature(call)

    def own_call(*args: Any, **kwargs: Any) -> Any:
        given = known.bind(*args, **kwargs)
        given.arguments["training"] = False
        return call(*given.args, **given.kwargs)

    return own_call
