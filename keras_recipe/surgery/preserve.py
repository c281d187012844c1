"""Snapshot of everything a check could disturb, put back bit for bit."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from keras_recipe.backend import current
from keras_recipe.surgery.layers import walk

#: Attributes of a model that `compile`, `fit` or a toggle may replace.
_ATTRIBUTES = (
    "optimizer",
    "loss",
    "train_function",
    "test_function",
    "predict_function",
    "stop_training",
    "history",
    "run_eagerly",
    "jit_compile",
    "steps_per_execution",
)


def _global_seed_generator() -> Any:
    """Return the generator behind `keras.random.*` without a seed.

    Keras offers no name for it, so one unseeded draw is watched: whoever is asked is it.
    The caller snapshots it afterwards minus that draw.
    """
    kind = keras.random.SeedGenerator
    original, asked = kind.next, []

    def watched(self: Any, ordered: bool = True) -> Any:  # noqa: FBT001, FBT002  Keras's own
        asked.append((self, np.array(keras.ops.convert_to_numpy(self.state))))
        return original(self, ordered)

    kind.next = watched
    try:
        keras.random.uniform((1,))
    finally:
        kind.next = original
    generator, state = asked[0]
    generator.state.assign(state)
    return generator


def variables_of(model: Any) -> list[Any]:
    """Return every variable of a model once: weights, seeds, metrics, optimizer slots."""
    optimizer = getattr(model, "optimizer", None)
    groups = (
        model.variables,
        model.metrics_variables,
        getattr(optimizer, "variables", []) or [],
        [v for metric in getattr(model, "metrics", []) for v in metric.variables],
    )
    seen: dict[int, Any] = {}
    for group in groups:
        for variable in group:
            seen.setdefault(id(variable), variable)
    return list(seen.values())


class RandomStates:
    """The Python, NumPy, Keras and backend generators at one moment."""

    def __init__(self) -> None:
        self._python = random.getstate()
        self._keras = _global_seed_generator()
        self._keras_state = np.array(keras.ops.convert_to_numpy(self._keras.state))
        self._numpy = np.random.get_state()
        self._backend = current().rng_state()

    def start(self, seed: int) -> None:
        """Start all of them from `seed` (0 to 2**31 - 1), Keras's own in place.

        `keras.utils.set_random_seed` would put another generator in its place, which could
        not be undone, and imports TensorFlow on every backend.
        """
        random.seed(seed)
        np.random.seed(seed)
        self._keras.state.assign([seed, 0])
        current().seed(seed)

    def restore(self) -> None:
        """Put them back; Keras's also where `clear_session` put a new one in its place."""
        for generator in (self._keras, _global_seed_generator()):
            generator.state.assign(self._keras_state)
        random.setstate(self._python)
        np.random.set_state(self._numpy)
        current().set_rng_state(self._backend)


@contextmanager
def random_states(seed: int | None = None) -> Iterator[None]:
    """Restore every global random generator on the way out.

    Args:
        seed: Where they start inside; None: where they are.
    """
    states = RandomStates()
    try:
        if seed is not None:
            states.start(seed)
        yield
    finally:
        states.restore()


def unbuilt_parts(model: Any) -> list[Any]:
    """Return the compiled loss and metrics that have not seen data yet.

    While one of them is unbuilt, `fit` looks at one batch before it starts, which draws from
    the global generators; so they have to be unbuilt again after a look from outside.
    """
    parts = [getattr(model, name, None) for name in ("_compile_loss", "_compile_metrics")]
    return [part for part in parts if getattr(part, "built", True) is False]


def unbuild(model: Any, parts: list[Any]) -> None:
    """Make parts that `unbuilt_parts` returned unbuilt again.

    Functions that were compiled meanwhile hold metrics that will not be read: they go.
    """
    if parts:
        model.train_function = model.test_function = None
    for part in parts:
        if part.built and isinstance(part.metrics, list):
            part.metrics.clear()
        part.built = False


class Guard:
    """What a model and the global generators were at one moment.

    Args:
        model: A built `keras.Model`; also snapshots what it was compiled with.
        unbuilt: The compiled loss and metrics to make unbuilt again; by default those that
            are.
    """

    def __init__(self, model: Any, unbuilt: Sequence[Any] | None = None) -> None:
        self.model = model
        self._random = RandomStates()
        self._unbuilt = unbuilt_parts(model) if unbuilt is None else list(unbuilt)
        self._values = [
            (v, np.array(keras.ops.convert_to_numpy(v.value))) for v in variables_of(model)
        ]
        self._trainable = [(layer, layer.trainable) for layer in self._layers()]
        self._flags = [(v, v.trainable) for v in model.weights]
        self._attributes = {
            name: getattr(model, name) for name in _ATTRIBUTES if hasattr(model, name)
        }

    def _layers(self) -> list[Any]:
        return [self.model, *(layer for _, layer in walk(self.model))]

    def restore(self) -> None:
        """Put everything back, bit for bit; may be called again after more work."""
        for name, value in self._attributes.items():
            if value is not None and getattr(self.model, name, None) is not value:
                setattr(self.model, name, value)
        for layer, trainable in self._trainable:  # parents first: they overwrite children
            if layer.trainable != trainable:
                layer.trainable = trainable
        for variable, trainable in self._flags:
            if variable.trainable != trainable:
                variable.trainable = trainable
        for variable, value in self._values:
            variable.assign(value)
        unbuild(self.model, self._unbuilt)
        self._random.restore()


@contextmanager
def preserve(model: Any, unbuilt: Sequence[Any] | None = None) -> Iterator[Guard]:
    """Restore `model` and every global random generator on the way out, whatever happens.

    Weights, optimizer slots and iterations, metrics, seed generators, trainable flags, the
    compiled functions and the Python, NumPy, Keras and backend generators are put back bit
    for bit. A train function that did not exist before and was traced inside stays: it means
    the same.

    Args:
        model: A built `keras.Model`.
        unbuilt: As for `Guard`.

    Yields:
        The `Guard`; `guard.restore()` goes back to the start in between.

    Example:
        >>> # with preserve(model):
        >>> #     model.fit(x, y, epochs=3)  # and nothing of it is left
    """
    guard = Guard(model, unbuilt)
    try:
        yield guard
    finally:
        guard.restore()
