"""The labels of one output, checked against its shape."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError


@dataclass(frozen=True, slots=True)
class Targets:
    """Labels of one output.

    Attributes:
        y: Labels as `fit` gets them, shape `(n, ...)`.
        weight: Weight of each label, broadcast against `y` by leading axes; None for 1.
        units: Size of the output's last axis.
        sparse: True if `y` holds class numbers instead of vectors of `units`.
        positions: Axes of the output between batch and units: `(height, width)`, `(time,)`.
        ignored: A class number that the loss leaves out, or None.
    """

    y: np.ndarray
    weight: np.ndarray | None
    units: int
    sparse: bool
    positions: tuple[int, ...]
    ignored: int | None = None

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: np.ndarray) -> Targets:
        """Return the targets of some rows."""
        weight = None if self.weight is None else self.weight[rows]
        return Targets(
            self.y[rows], weight, self.units, self.sparse, self.positions, self.ignored
        )

    def columns(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Return labels and weights as two arrays `(count, size)`, one column a bias value.

        `size` is the units, or all units of all positions (a bias for each), or a part of
        the units that repeats. Class numbers become one-hot rows of float32.
        """
        y = self.y.astype("float64")
        weight = self.weight if self.weight is not None else np.ones(len(y))
        if self.sparse:
            numbers = self.y.reshape(len(y), *self.positions)
            weight = np.broadcast_to(trailing(weight, numbers.ndim), numbers.shape)
            if self.ignored is not None:
                weight = weight * (numbers != self.ignored)
            y = (numbers[..., None] == np.arange(self.units)).astype("float32")
            weight = np.broadcast_to(weight[..., None], y.shape)
        else:
            weight = np.broadcast_to(trailing(weight, y.ndim), y.shape)
        return y.reshape(-1, size), weight.reshape(-1, size)


def trailing(values: np.ndarray, rank: int) -> np.ndarray:
    """Return `values` with axes of length 1 added (or dropped) behind, to `rank` axes."""
    while values.ndim > rank and values.shape[-1] == 1:
        values = values[..., 0]
    return values.reshape(values.shape + (1,) * (rank - values.ndim))


def make_targets(
    name: str,
    y: Any,
    shape: tuple[int | None, ...],
    *,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    ignored: int | None = None,
) -> Targets:
    """Return the labels of output `name`, checked against its shape (without the batch)."""
    labels = _numbers(name, y)
    units = int(shape[-1] or 0) if shape else 1
    rank = max(1, len(shape)) + 1
    sparse = units > 1 and (
        labels.ndim == rank - 1 or (labels.ndim == rank and labels.shape[-1] == 1)
    )
    dense = labels.ndim == rank and labels.shape[-1] == units
    if not (sparse or dense or (units == 1 and labels.ndim == rank - 1)):
        msg = (
            f"The labels of output `{name}` do not fit it: expected shape "
            f"{('n', *shape)}, or class numbers. Received: y.shape={labels.shape}."
        )
        raise InputError(msg)
    if sparse:
        _check_numbers(name, labels, units, ignored)
    inner = labels.shape[1 : rank - 1]
    weight = None if sample_weight is None else _weights(name, sample_weight, len(labels))
    if class_weight is not None:
        if weight is not None:
            msg = "Give `class_weight` or `sample_weight`, not both: `fit` takes one of them."
            raise InputError(msg)
        weight = _class_weights(labels, class_weight, sparse=sparse or units == 1)
    return Targets(labels, weight, units, sparse, tuple(inner), ignored)


def _numbers(name: str, y: Any) -> np.ndarray:
    try:
        labels = np.asarray(y)
    except ValueError as error:
        msg = f"The labels of output `{name}` are not one array: {error}"
        raise InputError(msg) from error
    if labels.dtype.kind not in "biuf":
        msg = f"The labels of output `{name}` must be numbers. Received: dtype {labels.dtype}."
        raise InputError(msg)
    if labels.ndim == 0 or not labels.size:
        msg = f"The labels of output `{name}` are empty. Received: y.shape={labels.shape}."
        raise InputError(msg)
    if not np.isfinite(labels).all():
        msg = f"The labels of output `{name}` hold NaN or infinity; drop or mend those rows."
        raise InputError(msg)
    return labels.astype("float32") if labels.dtype.kind == "b" else labels


def _check_numbers(name: str, labels: np.ndarray, units: int, ignored: int | None) -> None:
    known = labels if ignored is None else labels[labels != ignored]
    whole = np.array_equal(known, np.round(known))
    if not known.size or not whole or known.min() < 0 or known.max() >= units:
        span = f"from {known.min():g} to {known.max():g}" if known.size else "all ignored"
        msg = (
            f"Output `{name}` has {units} units, so class numbers must be whole numbers from "
            f"0 to {units - 1}. Received: labels {span}."
        )
        raise InputError(msg)


def _weights(name: str, sample_weight: Any, rows: int) -> np.ndarray:
    weight = _numbers(name, sample_weight).astype("float64")
    if len(weight) != rows or weight.min() < 0 or not weight.sum() > 0:
        msg = (
            f"`sample_weight` of output `{name}` needs one weight a row, none negative and not "
            f"all 0. Received: {len(weight)} weights from {weight.min():g} to "
            f"{weight.max():g} for {rows} rows."
        )
        raise InputError(msg)
    return weight


def _class_weights(
    labels: np.ndarray, class_weight: Mapping[int, float], *, sparse: bool
) -> np.ndarray:
    numbers = np.round(labels if sparse else labels.argmax(-1)).astype(int)
    if sparse and numbers.ndim > 1 and numbers.shape[-1] == 1:
        numbers = numbers[..., 0]
    weight = np.ones(numbers.shape)
    for number, value in class_weight.items():
        weight[numbers == number] = value
    if not weight.sum() > 0:
        msg = f"`class_weight` gives every label weight 0. Received: {dict(class_weight)}."
        raise InputError(msg)
    return weight


def prediction_size(targets: Targets) -> int:
    """Return how many numbers one row of the output has."""
    return math.prod(targets.positions) * targets.units
