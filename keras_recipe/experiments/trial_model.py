"""A fresh compiled model for each trial, from what the user gave."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import keras

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.weight_decay import go_on_leaving_out

_L = keras.layers
_PLAIN = (bool, int, float, str, dict, type(None))


class Copies:
    """Makes fresh copies of a compiled model.

    What training would not change (frozen layers, adapted normalisation, vocabularies) is
    copied; all else is drawn anew by the model's own initialisers.

    Args:
        model: A built, compiled `keras.Model`.

    Raises:
        InputError: Keras cannot make such a copy.
    """

    def __init__(self, model: Any) -> None:
        self._model, self._loss = model, model.loss

    def __call__(self) -> Any:
        """Return a copy with fresh weights and a fresh optimizer."""
        try:
            with keras.saving.custom_object_scope(_own(self._loss)):  # it is compiled, too
                copy = keras.models.clone_model(self._model)
            if not copy.built and self._model.built:
                copy.build(self._model.get_build_config()["input_shape"])
            _copy_fixed(self._model, copy)
            config = {k: v for k, v in self._model.get_compile_config().items() if k != "loss"}
            # the loss itself: a Huber loses its delta on the way through a configuration
            copy.compile(**keras.saving.deserialize_keras_object(config), loss=self._loss)
            go_on_leaving_out(copy, self._model)
        except Exception as error:  # own layers, own losses: each has its own error
            msg = (
                f"This model cannot be copied by Keras ({said(error)}); give a function that "
                "builds and compiles it in its place."
            )
            raise InputError(msg) from error
        return copy


def _own(loss: Any) -> dict[str, Any]:
    """Return the functions and classes of a loss by name."""
    parts = [loss] if callable(loss) else keras.tree.flatten(loss)
    kinds = [p if hasattr(p, "__name__") else type(p) for p in parts if callable(p)]
    return {kind.__name__: kind for kind in kinds}


def _copy_fixed(model: Any, copy: Any) -> None:
    """Copy the weights that training does not change."""
    for (_, old), (_, new) in zip(walk(model), walk(copy), strict=True):
        parts = list(getattr(old, "layers", None) or [])
        adapted = not old.trainable_weights and not isinstance(old, _L.BatchNormalization)
        if not parts and old.weights and (adapted or not old.trainable):
            stored: dict[str, Any] = {}
            old.save_own_variables(stored)  # `set_weights` leaves Normalization half-set
            new.load_own_variables(stored)


def _wants_hyperparameters(build: Any) -> bool:
    """Whether `build` cannot be called without the `hp` of KerasTuner."""
    try:
        parameters = inspect.signature(build).parameters.values()
    except (TypeError, ValueError):  # a builtin: called as it is
        return False
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(p.kind in kinds and p.default is p.empty for p in parameters)


def maker(build: Any) -> Callable[[], Any]:
    """Return a function that makes a fresh compiled model.

    Args:
        build: A function (KerasTuner's `build(hp)`, or without arguments), something with
            such a method `build` (a HyperModel), or a compiled model that Keras can clone.

    Raises:
        InputError: It is none of these.
    """
    if isinstance(build, Copies):
        return build
    if isinstance(build, keras.Model):
        if not build.compiled:
            msg = "The model must be compiled, so that it is known what it is to learn."
            raise InputError(msg)
        return Copies(build)
    if not callable(build):
        build = getattr(build, "build", None)
    if not callable(build):
        msg = "`build` must be a function that returns a compiled model, or such a model."
        raise InputError(msg)
    if not _wants_hyperparameters(build):
        return build

    def with_defaults() -> Any:
        from keras_tuner import HyperParameters

        return build(HyperParameters())

    return with_defaults


def made(make: Callable[[], Any], what: str = "`build`") -> Any:
    """Return what `make` makes.

    Args:
        make: Makes a compiled model.
        what: How the message calls it.

    Raises:
        InputError: It is no compiled model.
    """
    model = make()
    if not isinstance(model, keras.Model):
        msg = f"{what} must return a compiled keras.Model. Received: {type(model).__name__}"
        raise InputError(msg)
    if not model.compiled:
        msg = f"{what} must return a compiled model; call compile on it."
        raise InputError(msg)
    return model


def loss_form(model: Any) -> str:
    """Return the compiled loss as text that is equal for equal losses."""

    def form(part: Any) -> Any:
        if isinstance(part, keras.losses.Loss):
            # not `get_config`, in which Keras 3.15's Huber lacks its delta
            kept = {k: str(v) for k, v in vars(part).items() if isinstance(v, _PLAIN)}
            return type(part).__name__, sorted(i for i in kept.items() if i[0] != "name")
        if callable(part):
            return getattr(part, "__qualname__", type(part).__name__)
        if isinstance(part, str):
            return form(keras.losses.get(part))
        return part

    spec = getattr(model, "loss", None)
    return repr(form(spec) if callable(spec) else keras.tree.map_structure(form, spec))


def _plain(layer: Any) -> list[tuple[str, str]]:
    """Return a layer's settings that are plain values: a rate of dropout, an activation."""
    if getattr(layer, "layers", None):
        return []  # those of its parts
    try:
        config = layer.get_config()
    except Exception:  # noqa: BLE001  own layers whose arguments Keras cannot name
        return []
    kept = {k: v for k, v in config.items() if isinstance(v, bool | int | float | str)}
    return sorted((k, repr(v)) for k, v in kept.items() if k not in ("name", "seed"))


def model_form(model: Any) -> list[Any]:
    """Return what tells two programs apart: layers, their settings, shapes, optimizer and loss.

    The names that Keras numbers within a process, and seeds it drew, are left out.
    """
    layers = [
        [type(layer).__name__, [list(weight.shape) for weight in layer.weights], _plain(layer)]
        for _, layer in walk(model)
    ]
    optimizer = model.optimizer.get_config() if model.optimizer else {}
    settings = sorted((k, str(v)) for k, v in optimizer.items() if k != "name")
    return [layers, type(model.optimizer).__name__, settings, loss_form(model)]
