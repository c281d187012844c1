"""Norms of all weights, gradients and updates of a step, in as few operations as will do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_recipe import backend

#: Elements of a weight that are read for its norm and its update's: all of them up to here,
#: else as many in `CHUNKS` evenly spaced runs, and the sum is scaled up. Beside a standard
#: error of about 1 % this bounds the cost: a full pass over the weights is 10-20 % of a step
#: whose time goes into large dense layers.
ELEMENTS = 16_384
CHUNKS = 16

#: Stands for the norm of a gradient that does not exist.
NONE = -1.0


class StepNorms:
    """Takes the norms of one list of variables.

    Weights of the same shape are stacked, so that a network of 40 equal layers costs what one
    layer costs: on small models time goes by the number of operations, not by their size.

    Args:
        variables: The trainable variables, in the order of their gradients.
    """

    def __init__(self, variables: Sequence[Any]) -> None:
        self.sizes = [math.prod(v.shape) for v in variables]
        self._keys = [(tuple(v.shape), str(v.dtype)) for v in variables]
        shares = [max(1.0, n / _taken(n)) for n in self.sizes]
        self._scale = np.sqrt(np.array(shares, "float32"))

    def parts(self, weights: Sequence[Any]) -> list[Any]:
        """Return what is read of `weights`, as values that no update reaches.

        Only torch updates a tensor that was read: TensorFlow's variables leave it its memory
        and take new, JAX's arrays never change.
        """
        value = ops.copy if keras.backend.backend() == "torch" else ops.stop_gradient
        return [
            value(_spread(w, size) if size > ELEMENTS else w)
            for w, size in zip(weights, self.sizes, strict=True)
        ]

    def row(self, gradients: Sequence[Any], before: Sequence[Any], after: Sequence[Any]) -> Any:
        """Return the norms of one step, shape `(weights, 3)`: gradient, weight, update.

        Args:
            gradients: One for each weight; None where the loss has none for it.
            before: `parts` of the weights before the update.
            after: `parts` of them after it.
        """
        moved = [new - old for new, old in zip(after, before, strict=True)]
        norms = [ops.multiply(self._norms(some), self._scale) for some in (after, moved)]
        return ops.stack([self._norms(gradients), *norms], axis=1)

    def sums(self, gradients: Sequence[Any]) -> Any:
        """Return a number a weight, finite if its gradient is; shape `(weights,)`."""
        found = self._one_by_one(gradients, norms=False)
        return self._stacked(gradients, lambda tensor: tensor) if found is None else found

    def _norms(self, tensors: Sequence[Any]) -> Any:
        found = self._one_by_one(tensors, norms=True)
        if found is not None:
            return found
        squared = self._stacked(tensors, ops.square)
        return ops.where(squared < 0, NONE, ops.sqrt(ops.abs(squared)))

    def _one_by_one(self, tensors: Sequence[Any], *, norms: bool) -> Any:
        """Return what the backend itself makes of the tensors; None if it leaves it to us."""
        there = [index for index, tensor in enumerate(tensors) if tensor is not None]
        found = backend.current().reduced([tensors[index] for index in there], norms=norms)
        if found is None or len(there) == len(tensors):
            return found
        return ops.scatter_update(ops.full((len(tensors),), NONE), [[i] for i in there], found)

    def _stacked(self, tensors: Sequence[Any], of: Callable[[Any], Any]) -> Any:
        """Return the sum over `of` each tensor, in the order of the variables."""
        groups = sorted(self._groups(tensors), key=len)  # those alone first
        held = [index for group in groups for index in group]
        missing = [index for index in range(len(self.sizes)) if index not in set(held)]
        alone = [of(_single(_values(tensors[g[0]]))) for g in groups if len(g) == 1]
        found = [ops.stack([ops.sum(tensor) for tensor in alone])] if alone else []
        for group in groups[len(alone) :]:
            rows = of(_single(ops.stack([tensors[index] for index in group])))
            found.append(ops.sum(rows, axis=tuple(range(1, len(rows.shape)))))
        if missing:
            found.append(np.full(len(missing), NONE, "float32"))
        joined = found[0] if len(found) == 1 else ops.concatenate(found)
        order = np.argsort([*held, *missing])
        return joined if (np.diff(order) == 1).all() else ops.take(joined, order)

    def _groups(self, tensors: Sequence[Any]) -> list[list[int]]:
        """Return the indices of what can be stacked; large and sparse tensors stay alone."""
        groups: dict[Any, list[int]] = {}
        for index, (tensor, size) in enumerate(zip(tensors, self.sizes, strict=True)):
            if tensor is None:
                continue
            alone = size > ELEMENTS or _values(tensor) is not tensor
            groups.setdefault(index if alone else self._keys[index], []).append(index)
        return list(groups.values())


def _taken(size: int) -> int:
    """Return how many of `size` elements `_spread` keeps."""
    return size if size <= ELEMENTS else ELEMENTS // CHUNKS * CHUNKS


def _spread(tensor: Any, size: int) -> Any:
    """Return `CHUNKS` runs of elements, evenly spaced over the tensor in row order."""
    run = size // CHUNKS
    flat = ops.reshape(tensor, (-1,))
    flat = flat if run * CHUNKS == size else flat[: run * CHUNKS]
    return ops.reshape(flat, (CHUNKS, run))[:, : ELEMENTS // CHUNKS]


def _values(gradient: Any) -> Any:
    """Return the rows of a sparse gradient (TensorFlow's, of an Embedding), else itself.

    Rows that a token repeats are not summed first: to do so would make the gradient dense.
    """
    values = getattr(gradient, "values", None)
    return gradient if values is None or callable(values) else values


def _single(tensor: Any) -> Any:
    """Return the tensor in single precision if it is in a shorter one, which would overflow."""
    short = keras.backend.standardize_dtype(tensor.dtype) != "float32"
    return ops.cast(tensor, "float32") if short else tensor
