"""The same thing done twice from the same seed: does it come out the same?"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.sources import Source
from keras_recipe.experiments.trial import advance
from keras_recipe.loss import tensors
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.preserve import preserve, random_states

Heard = list[tuple[str, list[np.ndarray]]]


def _gap(first: list[np.ndarray], second: list[np.ndarray]) -> float:
    """Return the largest difference, relative to the largest value of its array."""
    gaps = [0.0]
    for one, two in zip(first, second, strict=True):
        a, b = np.asarray(one, "float64"), np.asarray(two, "float64")
        if a.shape != b.shape:
            return float("inf")
        if not np.array_equal(a, b, equal_nan=True):
            size = max(float(np.nanmax(np.abs(a))), 1e-30)
            gaps.append(float(np.nan_to_num(np.abs(a - b), nan=np.inf).max()) / size)
    return max(gaps)


def training_gap(model: Any, rows: Batch, steps: int) -> float:
    """Return how far the weights of two trainings from the same state are apart.

    Args:
        model: A compiled model; it is put back.
        rows: One batch.
        steps: Optimizer steps of each.

    Returns:
        The largest difference of a weight, relative to the largest value of its array.
    """
    ends = []
    for _ in range(2):
        with preserve(model):
            advance(model, rows, steps, len(rows))
            ends.append([np.array(keras.ops.convert_to_numpy(v)) for v in model.weights])
    return _gap(*ends)


def unrepeatable_layer(model: Any, x: Any) -> str:
    """Return the path of the layer whose output first differs between two eager calls.

    Args:
        model: A built model; called in training mode from the same state, and put back.
        x: Inputs of a batch.

    Returns:
        `""` when every output is the same; `"the model itself"` when no layer explains it.
    """
    heard = []
    for _ in range(2):
        with preserve(model):
            heard.append(_outputs(model, x))
    for (path, one), (_, two) in zip(*heard, strict=False):
        if _gap(one, two) > 0:
            return path
    return ""


def _outputs(model: Any, x: Any) -> Heard:
    """Return what each layer returns, in the order in which they finish, the model last."""
    heard: Heard = []
    with _listening(model, heard):
        takes = "training" in inspect.signature(model.call).parameters
        said = model(tensors(x), **({"training": True} if takes else {}))
    return [*heard, ("the model itself", _arrays(said))]


def _arrays(outputs: Any) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(leaf)) for leaf in leaves(outputs)]


@contextmanager
def _listening(model: Any, heard: Heard) -> Iterator[None]:
    """Write down what every layer returns; their own `call` comes back afterwards."""
    before = [(path, layer, vars(layer).get("call")) for path, layer in walk(model)]

    def tapped(path: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def heard_call(*args: Any, **kwargs: Any) -> Any:
            value = call(*args, **kwargs)
            with suppress(Exception):  # inside a loop a value has no numbers
                heard.append((path, _arrays(value)))
            return value

        return heard_call

    try:
        for path, layer, _ in before:
            layer.call = tapped(path, layer.call)
        yield
    finally:
        for _, layer, own in before:
            vars(layer).pop("call", None)
            vars(layer).update({} if own is None else {"call": own})


def data_gap(source: Source) -> float:
    """Return how far the first batch of two passes from the same seeds are apart.

    The library's own readers put back what is random in a dataset's attributes, so whatever
    still differs draws from a generator that nobody seeds.
    """
    firsts = []
    for _ in range(2):
        with random_states():
            firsts.append(next(iter(source.batches())))
    return max(
        _gap([np.asarray(a) for a in leaves(one)], [np.asarray(b) for b in leaves(two)])
        for one, two in zip(firsts[0].parts(), firsts[1].parts(), strict=True)
    )
