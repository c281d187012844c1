"""Whether what a model says is an affine map of its inputs, found by asking it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves, mapped
from keras_recipe.loss import predict
from keras_recipe.surgery.preserve import preserve

#: How far from their mean, in distances of the rows; far out even a tanh of tiny weights bends.
REACHES = (1.0, 3.0, 30.0, 300.0)
ROWS = 24  # pairs at each reach
LEAST = 24  # middles that must be known, an output
FAR = 7.0  # scores beyond this (a probability under 0.001) are lost to rounding
BEND = 1e-3  # distance from the middle that single precision may make, relative


def _scores(outputs: np.ndarray) -> Iterator[tuple[np.ndarray, float]]:
    """Yield what the last activation may have been given, and how far it can be read back."""
    yield outputs, np.inf
    if outputs.min() >= 0 and outputs.max() <= 1:
        yield np.log(outputs) - np.log1p(-outputs), FAR
        if outputs.shape[-1] > 1 and np.allclose(outputs.sum(-1), 1, atol=1e-3):
            logs = np.log(outputs)
            yield logs - logs.mean(-1, keepdims=True), FAR
    if outputs.min() >= -1 and outputs.max() <= 1:
        yield np.arctanh(outputs), FAR / 2


def _is_straight(triple: np.ndarray, far: float) -> bool:
    """Whether the middle of two points is mapped to the middle of what they are mapped to."""
    low, high, middle = np.where(np.isfinite(triple), triple, np.inf)
    size = np.max(np.abs([low, high, middle]), axis=0)
    known = size < far
    size = np.where(known, size, 0.0)
    known &= size > 1e-6
    if known.sum() < LEAST:
        return False
    bend, scale = np.abs(low + high - 2 * middle)[known], np.abs(high - low)[known]
    return bool((bend <= BEND * size[known]).all() and (scale > BEND * size[known]).any())


def is_affine(model: Any, probe: Batch) -> bool:
    """Say whether every output is an affine map of the inputs, but for its own activation.

    The middle of two inputs is then mapped to the middle of what they are mapped to. Asked of
    pairs of rows, and of rows and others turned over at the mean, near and far: a layer of
    ReLUs has a bend between them, and so has everything else that is not linear. Asked again
    with random values for weights that are all 0: a branch may start at 0, and bend later.

    Args:
        model: A built model, in inference mode.
        probe: A few rows.

    Raises:
        NotApplicable: An input is not made of real numbers.
    """
    if any(np.asarray(leaf).dtype.kind != "f" for leaf in leaves(probe.x)) or len(probe) < 2:
        msg = "an input is not made of real numbers"
        raise NotApplicable(msg)
    order = np.random.default_rng(0).permutation(len(probe))
    rows, others = (probe.take(order[(np.arange(ROWS) + i) % len(probe)]).x for i in (0, 1))
    triples = [_triple(rows, others, 1.0, 1.0)]
    triples += [_triple(rows, others, reach, -reach) for reach in REACHES]
    if not _are_straight(model, triples):
        return False
    with preserve(model):
        _wake(model)
        return _are_straight(model, triples)


def _are_straight(model: Any, triples: list[list[Any]]) -> bool:
    """Whether the middle of every two points is mapped to the middle, by every output."""
    answers = [[leaves(predict(model, points)) for points in triple] for triple in triples]
    return all(
        _output_is_affine([[np.asarray(p[i], "float64") for p in t] for t in answers])
        for i in range(len(answers[0][0]))
    )


def _wake(model: Any) -> None:
    """Give random positive values to the trainable weights that are all 0."""
    random = np.random.default_rng(1)
    for weight in model.trainable_variables:
        if not np.any(keras.ops.convert_to_numpy(weight)):
            fan = weight.shape[0] if len(weight.shape) > 1 else 1
            values = random.uniform(0.5, 1.5, weight.shape) / np.sqrt(fan)
            weight.assign(values.astype("float32"))


def _triple(rows: Any, others: Any, first: float, second: float) -> list[Any]:
    """Return points, others and their middles: so many distances from the mean, by row."""

    def placed(leaf: np.ndarray, reach: float) -> np.ndarray:
        mean = leaf.mean(0, keepdims=True)
        return (mean + reach * (leaf - mean)).astype(leaf.dtype)

    low, high = (
        mapped(lambda leaf: placed(leaf, r), points)  # noqa: B023  called at once
        for points, r in ((rows, first), (others, second))
    )
    ends = zip(leaves(low), leaves(high), strict=True)
    middles = iter([((a + b) / 2).astype(a.dtype) for a, b in ends])
    return [low, high, mapped(lambda _: next(middles), low)]


def _output_is_affine(triples: list[list[np.ndarray]]) -> bool:
    """Whether an output is straight on every line, seen through one and the same activation."""
    together = np.concatenate([np.stack(triple) for triple in triples], axis=1)
    if not np.isfinite(together).all():
        return False
    with np.errstate(all="ignore"):
        return any(_is_straight(scores, far) for scores, far in _scores(together))
