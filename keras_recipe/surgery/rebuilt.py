"""A fresh copy of a model with layers put in or left out; the weights that still fit stay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.said import said
from keras_recipe.surgery.grown import recompiled
from keras_recipe.surgery.layers import walk

#: Makes the layers that go to one place, anew for each copy.
Maker = Callable[[], Sequence[Any]]


def nothing() -> Sequence[Any]:
    """Return no layers."""
    return ()


def rebuilt(
    model: Any,
    *,
    front: Maker = nothing,
    before: Mapping[str, Maker] | None = None,
    without: Collection[str] = (),
    instead: Mapping[str, Maker] | None = None,
) -> Any:
    """Return a compiled copy with other layers; the given model is left as it is.

    Weights whose shape is the same are copied, so that a copy with one dropout layer more
    starts where the model starts. Nested models are copied whole.

    Args:
        model: A compiled Sequential or functional model.
        front: Layers that each input goes through first.
        before: By name of a layer, layers that its input goes through first.
        without: Names of layers that hand on what they are given.
        instead: By name of a layer, the layers that take its place.

    Raises:
        NotApplicable: Keras cannot build it anew, or not with these layers.
    """
    plan = _Plan(front, dict(before or {}), set(without), dict(instead or {}))
    if not isinstance(model, keras.Sequential) and type(model).__name__ != "Functional":
        msg = f"a {type(model).__name__} of your own cannot be built anew"
        raise NotApplicable(msg)
    try:
        if isinstance(model, keras.Sequential):
            copy = _sequential(model, plan)
        else:
            calls = _Calls(plan)
            copy = keras.models.clone_model(model, clone_function=_fresh, call_function=calls)
        _copy_weights(model, copy)
        return recompiled(copy, model)
    except Exception as error:  # own layers, fixed shapes, residuals: each has its own error
        msg = f"the model cannot be built anew so: {said(error)}"
        raise NotApplicable(msg) from error


class _Plan:
    """What goes where."""

    def __init__(
        self,
        front: Maker,
        before: dict[str, Maker],
        without: set[str],
        instead: dict[str, Maker],
    ) -> None:
        self.front, self._before, self._without, self._instead = front, before, without, instead

    def layers(self, layer: Any) -> list[Any]:
        """Return the layers at the place of `layer`."""
        made = list(self._before.get(layer.name, nothing)())
        if layer.name in self._instead:
            return [*made, *self._instead[layer.name]()]
        return made if layer.name in self._without else [*made, layer]


class _Calls:
    """Calls the layers of a copied graph: `clone_model` asks for it layer by layer."""

    def __init__(self, plan: _Plan) -> None:
        self._plan = plan
        self._made: dict[int, Any] = {}  # by the id of a tensor: it is kept, so the id is too
        self._fronts: dict[int, tuple[Any, Any]] = {}

    def _entered(self, tensor: Any) -> Any:
        """Return what became of an input; any other tensor is returned as it is."""
        if not keras.utils.is_keras_tensor(tensor) or id(tensor) in self._made:
            return tensor
        if id(tensor) not in self._fronts:
            passed = tensor
            for layer in self._plan.front():
                passed = layer(passed)
            self._fronts[id(tensor)] = (tensor, passed)
        return self._fronts[id(tensor)][1]

    def __call__(self, layer: Any, *args: Any, **kwargs: Any) -> Any:
        """Return what the layers at its place make of the arguments."""
        args, kwargs = keras.tree.map_structure(self._entered, (args, kwargs))
        found: Any = None
        layers = self._plan.layers(layer)
        for one in layers:
            found = one(*args, **kwargs)
            if one is not layer:
                args = (found, *args[1:])
        if not layers:
            found = args[0]
        for tensor in keras.tree.flatten(found):
            self._made[id(tensor)] = tensor
        return found


def _fresh(layer: Any) -> Any:
    if isinstance(layer, keras.Model):
        return keras.models.clone_model(layer)
    return type(layer).from_config(layer.get_config())


def _sequential(model: Any, plan: _Plan) -> Any:
    layers: list[Any] = []
    if model.built and getattr(model, "inputs", None):
        entrance = model.inputs[0]
        layers.append(keras.Input(batch_shape=entrance.shape, dtype=entrance.dtype))
    layers += plan.front()
    for layer in model.layers:
        layers += plan.layers(_fresh(layer))
    return keras.Sequential(layers)


def _copy_weights(model: Any, copy: Any) -> None:
    """Copy the weights of the layers that are in both, where their shapes are the same."""
    there = {layer.name: layer for layer in copy.layers}
    for layer in model.layers:
        twin = there.get(layer.name)
        if twin is None or type(twin) is not type(layer):
            continue
        twin.trainable = layer.trainable
        for old, new in zip(_all(layer), _all(twin), strict=False):
            if getattr(old, "layers", None) or not old.weights:
                continue
            if [w.shape for w in old.weights] == [w.shape for w in new.weights]:
                stored: dict[str, Any] = {}
                # `set_weights` leaves Normalization half-set; a layer may have no own variables
                with suppress(NotImplementedError):
                    old.save_own_variables(stored)
                    # as arrays of their own: JAX deletes what a training step has used up
                    new.load_own_variables({k: _array(v) for k, v in stored.items()})


def _array(value: Any) -> np.ndarray:
    return np.array(keras.ops.convert_to_numpy(value))


def _all(layer: Any) -> list[Any]:
    return [layer, *(inner for _, inner in walk(layer))]
