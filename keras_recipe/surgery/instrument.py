"""Watching the real training step from inside, through its optimizer, for one fit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from keras_recipe.core.errors import KerasRecipeError
from keras_recipe.surgery.compiled import remake
from keras_recipe.surgery.step_recorder import Readings, StepRecorder

#: Attribute of a train function under which its watched twin waits for the next fit.
_TWIN = "keras_recipe_twin"


class CannotWatch(KerasRecipeError):  # noqa: N818  the reason is the message
    """The step of this model can't be watched; training goes on as it is."""


@dataclass
class _Twin:
    """A watched optimizer class and the train function that was compiled with it."""

    optimizer: Any
    weights: list[Any]
    recorder: StepRecorder
    watched: type
    train_function: Any


class Instrument:
    """The watch on one fit; its readings are in the order of `model.trainable_variables`."""

    def __init__(self, model: Any, twin: _Twin, original: Any) -> None:
        self._model, self._twin, self._original = model, twin, original

    def read(self) -> Readings:
        """Return what was recorded since the last reading; call it between epochs."""
        return self._twin.recorder.read()

    @property
    def failure(self) -> str:
        """Why nothing more is recorded; empty if all is well."""
        return self._twin.recorder.failure

    def remove(self) -> None:
        """Give the optimizer its class and the model its train function back."""
        _remove(self._twin.optimizer)
        if self._model.train_function is self._twin.train_function:
            self._model.train_function = self._original


def instrument(model: Any) -> Instrument:
    """Have each training step write the norms of all gradients, weights and updates down.

    Call it when training begins. The optimizer gets another class, with two more variables,
    and the model another train function; weights, losses and metrics stay the same bit for
    bit, and files saved meanwhile are what they would be without. The train function is
    compiled once; the next fit uses it again, unless the model's own was made anew.

    Args:
        model: A compiled and built `keras.Model`.

    Returns:
        The watch; call its `remove` when training ends.

    Raises:
        CannotWatch: No weights to train, no optimizer, several, or several devices.
    """
    optimizer = _watchable(model)
    _remove(optimizer)  # what an interrupted fit left behind
    original = model.train_function
    twin = getattr(original, _TWIN, None)
    if twin is None or not _fits(twin, model, optimizer):
        twin = _twin(model, optimizer)
        with suppress(AttributeError):  # not every callable takes attributes
            setattr(original, _TWIN, twin)
    twin.recorder.reset()
    _set_class(optimizer, twin.watched)
    model.train_function = twin.train_function
    return Instrument(model, twin, original)


def _watchable(model: Any) -> Any:
    """Return the optimizer that makes the updates, or say why it can't be watched."""
    optimizer = getattr(model, "optimizer", None)
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # loss scaling around it
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        reason = "the model has no Keras optimizer of its own"
    elif getattr(optimizer, "optimizers", None):
        reason = "the model has several optimizers"
    elif model.built and not model.trainable_variables:
        reason = "the model has no trainable weights"
    elif keras.distribution.distribution() is not None or _replicas(model) > 1:
        reason = "the model is spread over several devices"
    else:
        return optimizer
    raise CannotWatch(reason)


def _replicas(model: Any) -> int:
    return getattr(getattr(model, "distribute_strategy", None), "num_replicas_in_sync", 1)


def _fits(twin: _Twin, model: Any, optimizer: Any) -> bool:
    if twin.recorder.is_ready and not twin.weights:
        twin.weights = list(model.trainable_variables)  # of a model that its first step built
    now = [id(weight) for weight in model.trainable_variables]
    return twin.optimizer is optimizer and now == [id(weight) for weight in twin.weights]


def _twin(model: Any, optimizer: Any) -> _Twin:
    recorder = StepRecorder()
    weights = list(model.trainable_variables)
    if weights:
        recorder.prepare(weights)
    watched = _watched_class(type(optimizer), model, recorder)
    before = model.train_function
    _set_class(optimizer, watched)
    try:
        remake(model, absent=True, names=("train",))
        return _Twin(optimizer, weights, recorder, watched, model.train_function)
    finally:
        model.train_function = before
        _remove(optimizer)


def _set_class(optimizer: Any, cls: type) -> None:
    """Change the class past the optimizer's own `__setattr__` and `__class__`."""
    vars(object)["__class__"].__set__(optimizer, cls)


def _remove(optimizer: Any) -> None:
    plain = getattr(type(optimizer), "recipe_plain", None)
    if plain is not None:
        _set_class(optimizer, plain)


def _watched_class(plain: type, model: Any, recorder: StepRecorder) -> type:
    """Return `plain` with a recorder in its `apply`.

    Nothing is stored on the instance, so nothing is left on it. The class says that it is
    `plain` (`optimizer.__class__`), which is what Keras writes into a file.
    """
    busy: list[bool] = []  # inside `stateless_apply`, or while a file is written or read

    class Watched(plain):
        recipe_plain = plain

        @property
        def variables(self) -> list[Any]:
            own = super().variables
            return own if busy else [*own, *recorder.variables]

        def stateless_apply(
            self, optimizer_variables: Any, grads: Any, trainable_variables: Any
        ) -> Any:
            """JAX: everything goes in and comes out."""
            *own, ring, marks = optimizer_variables
            ring, marks = ops.convert_to_tensor(ring), ops.convert_to_tensor(marks)
            before = recorder.attempt(lambda: recorder.norms.parts(trainable_variables))
            busy.append(True)
            try:
                weights, own = super().stateless_apply(own, grads, trainable_variables)
            finally:
                busy.pop()

            def write() -> Any:
                row = recorder.norms.row(grads, before, recorder.norms.parts(weights))
                return recorder.written(ring, marks, row)

            return weights, [*own, *(recorder.attempt(write) or (ring, marks))]

        def apply(self, grads: Any, trainable_variables: Any = None) -> Any:
            """TensorFlow and torch: everything is assigned in place."""
            grads, weights = list(grads), model.trainable_variables
            ordered = None if busy else _ordered(grads, trainable_variables, weights)
            if ordered is None:
                return super().apply(grads, trainable_variables)
            if not recorder.is_ready:  # TensorFlow builds some models in their first step
                recorder.attempt(lambda: recorder.prepare(weights))
            wanted = not recorder.is_python() or recorder.is_due()

            def parts() -> list[Any]:
                return recorder.norms.parts(weights) if wanted else []

            before = recorder.attempt(parts)
            result = super().apply(grads, trainable_variables)
            recorder.attempt(lambda: recorder.take(ordered, before, parts()))
            return result

        def save_own_variables(self, store: Any) -> None:
            busy.append(True)
            try:
                super().save_own_variables(store)
            finally:
                busy.pop()

        def load_own_variables(self, store: Any) -> None:
            busy.append(True)
            try:
                super().load_own_variables(store)
            finally:
                busy.pop()

    return type(plain.__name__, (Watched,), {"__class__": property(lambda _: plain)})


def _ordered(
    grads: list[Any], chosen: Sequence[Any] | None, weights: Sequence[Any]
) -> list[Any] | None:
    """Return a gradient or None for each weight; None if one is for a variable not ours."""
    every = [id(weight) for weight in weights]
    given = every if chosen is None else [id(weight) for weight in chosen]
    if len(grads) != len(given) or not set(every) >= set(given):
        return None
    found = dict(zip(given, grads, strict=True))
    return [found.get(key) for key in every]
