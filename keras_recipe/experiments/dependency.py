"""Charts of what depends on what: outputs against inputs, by backprop or by changing inputs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import keras
import numpy as np

from keras_recipe.backend import current
from keras_recipe.data.batch import leaves
from keras_recipe.surgery.preserve import preserve

MOST_GROUPS = 16  # groups of samples or steps, one pass for each
LARGEST_CHART = 64  # samples or steps of a chart


def groups(size: int) -> list[slice]:
    """Return at most 16 pieces of an axis, one of each element up to 16."""
    stride = -(-size // MOST_GROUPS)
    return [slice(start, start + stride) for start in range(0, size, stride)]


def matrix(values: np.ndarray, title: str, xlabel: str, ylabel: str) -> dict[str, Any]:
    """Return a chart as a picture of plain data; values are shares of the greatest."""
    rounded = [[round(float(v), 4) for v in row] for row in values]
    labels = {"xlabel": xlabel, "ylabel": ylabel}
    return {"kind": "matrix", "title": title, "values": rounded, **labels}


def by_change(effect: Callable[[Any], np.ndarray], size: int) -> np.ndarray:
    """Chart outputs against groups of inputs by changing one group after the other.

    Args:
        effect: Changes a slice of the inputs and returns how far each output moves.
        size: Length of the axis that is changed.

    Returns:
        `(outputs, groups)`, each column as a share of its greatest effect.
    """
    values = np.stack([effect(part) for part in groups(size)], axis=1)
    return np.asarray(values / np.maximum(values.max(axis=0, keepdims=True), 1e-300))


def by_backprop(
    model: Any, x: Any, outputs: Any, *, axis: int, output: int = 0, leaf: int | None = None
) -> np.ndarray | None:
    """Chart groups of outputs against inputs by the gradient of one group after the other.

    The loss of a pass is the sum of the outputs of one group with random weights, for sums
    may be constant (softmax) where each of their terms is not. At most 16 backward passes.

    Args:
        model: A built model; it is put back.
        x: Inputs of a batch.
        outputs: What the model says of them.
        axis: 0 charts samples, 1 steps.
        output: Place of the output among the flattened ones.
        leaf: Place of the input; all of them when None.

    Returns:
        `(groups, inputs)`, each row as a share of its greatest; None where an input has no
        gradient (whole numbers) or the backend cannot take it.
    """
    inputs = leaves(x)
    if any(np.asarray(part).dtype.kind != "f" for part in inputs):
        return None
    random = np.random.default_rng(0)
    said = [np.asarray(part) for part in leaves(outputs)]
    rows = []
    with suppress(Exception), preserve(model):  # each backend has ops without a gradient
        gradient = current().input_gradient(model, keras.tree.map_structure(np.asarray, x))
        for part in groups(said[output].shape[axis]):
            weights = [np.zeros(one.shape, "float32") for one in said]
            where = (slice(None),) * axis + (part,)
            shape = weights[output][where].shape
            weights[output][where] = random.standard_normal(shape)
            found = gradient(weights)
            chosen = found if leaf is None else [found[leaf]]
            sizes = [np.moveaxis(np.abs(g), axis, 0).reshape(g.shape[axis], -1) for g in chosen]
            rows.append(np.max([size.max(1) for size in sizes], axis=0))
        values = np.stack(rows).astype("float64")
        return np.asarray(values / np.maximum(values.max(axis=1, keepdims=True), 1e-300))
    return None
