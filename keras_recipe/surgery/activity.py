"""What the layers do on some rows, reduced to a few numbers inside one compiled call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_recipe.surgery.outputs import observable
from keras_recipe.surgery.shadowed import Around, shadowed

#: The numbers of a layer, in the order in which the compiled call returns them.
NAMES = ("mean", "std", "zeros", "dead", "saturated")

#: Limits of an activation and how near one counts as saturated: where the slope is below 1 %
#: of the steepest.
_LIMITS = {"sigmoid": (0.0, 1.0, 0.0025), "tanh": (-1.0, 1.0, 0.005)}
_NOT_ASKED = -1.0


def activation_statistics(
    model: Any, layers: Sequence[str] | None = None
) -> Callable[[Any], dict[str, dict[str, float]]]:
    """Return a function that says what each layer does on some rows, in inference mode.

    Keras compiles it on its first call, and again for another number of rows. State that an
    inference call moves (a seed) is put back.

    Args:
        model: A built `keras.Model`.
        layers: Paths as `surgery.layers.walk` gives them; None: every layer, but those inside
            an RNN or a wrapper.

    Returns:
        A function `x -> {path: numbers}`, paths in the order the layers ran. The numbers of a
        layer's first output: `mean`, `std`; `zeros`, the share of values that are exactly 0;
        `dead`, the share of units (last axis) that are 0 in all rows; `saturated`, the share
        of values at a limit, only where a sigmoid or tanh comes last.
    """
    chosen = [(path, x) for path, x in observable(model) if layers is None or path in layers]
    takes = "training" in inspect.signature(model.call).parameters
    arguments = {"training": False} if takes else {}
    paths: list[str] = []

    def observe(x: Any) -> Any:
        found: dict[str, Any] = {}
        with shadowed(chosen, _listening(found)):
            model(x, **arguments)
        paths[:] = found
        return ops.stack(list(found.values())) if found else ops.zeros((0, len(NAMES)))

    tap = _Tap(model, observe)

    def measure(x: Any) -> dict[str, dict[str, float]]:
        with state_kept(model):
            table = np.asarray(tap.predict_on_batch(x), "float64")
        return {
            path: {n: float(v) for n, v in zip(NAMES, row, strict=True) if v != _NOT_ASKED}
            for path, row in zip(paths, table, strict=True)
        }

    return measure


class _Tap(keras.Model):
    """A model that gives what `observe` says of its inputs."""

    def __init__(self, model: Any, observe: Callable[[Any], Any]) -> None:
        super().__init__(name="recipe_tap")
        self.model = model  # whose variables the call reads
        self.observe = observe
        self.jit_compile = model.jit_compile
        self.built = True  # else JAX runs it eagerly once, which takes seconds

    def call(self, x: Any) -> Any:
        """Return the numbers of all layers, shape `(layers, numbers)`."""
        return self.observe(x)


def _listening(found: dict[str, Any]) -> Around:
    """Return what takes the numbers of a layer down while the model is called once."""

    def around(path: str, layer: Any) -> Callable[..., Any]:
        original = layer.call

        def call(*args: Any, **kwargs: Any) -> Any:
            outputs = original(*args, **kwargs)
            first = keras.tree.flatten(outputs)[0]
            dtype = keras.backend.standardize_dtype(first.dtype)
            if "float" in dtype and len(first.shape) > 1:
                found[path] = _numbers(first, _limits(layer))
            return outputs

        return call

    return around


def _limits(layer: Any) -> tuple[float, float, float] | None:
    last = getattr(layer, "activation", None)
    return next((v for k, v in _LIMITS.items() if last is getattr(keras.activations, k)), None)


def _numbers(values: Any, limits: tuple[float, float, float] | None) -> Any:
    values = ops.cast(values, "float32")
    mean = ops.mean(values)
    zero = ops.cast(ops.equal(values, 0.0), "float32")
    dead = ops.all(ops.equal(values, 0.0), axis=tuple(range(len(values.shape) - 1)))
    saturated: Any = ops.full((), _NOT_ASKED)
    if limits is not None:
        low, high, margin = limits
        at_limit = ops.logical_or(values < low + margin, values > high - margin)
        saturated = ops.mean(ops.cast(at_limit, "float32"))
    std = ops.sqrt(ops.mean(ops.square(values - mean)))
    return ops.stack(
        [mean, std, ops.mean(zero), ops.mean(ops.cast(dead, "float32")), saturated]
    )


@contextmanager
def state_kept(model: Any) -> Iterator[None]:
    """Put back what an inference call moved."""
    before = [(v, np.array(ops.convert_to_numpy(v))) for v in model.non_trainable_variables]
    try:
        yield
    finally:
        for variable, value in before:
            variable.assign(value)
