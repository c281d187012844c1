"""One head on some rows: its targets, its outputs, and what the model's own loss says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.loss import LossUndefined, data_loss
from keras_recipe.task import Head, Task

MOST_ELEMENTS = 2_000_000  # numbers of one output that are looked at; keeps memory below 100 MB


@dataclass(frozen=True)
class ScoredHead:
    """One output on some rows, under the model's own loss.

    Attributes:
        model: A compiled model; its metric states move: use it under `preserve`.
        head: What the output is.
        batch: The rows.
        outputs: What the model said of them, in its own structure.
    """

    model: Any
    head: Head
    batch: Batch
    outputs: Any

    @cached_property
    def y(self) -> np.ndarray:
        """The targets as the data has them, shape `(rows, ...)`."""
        return np.asarray(leaves(self.batch.y)[self.head.target or 0])

    @cached_property
    def p(self) -> np.ndarray:
        """The head's outputs, float64, shape `(rows, ...)`."""
        return np.asarray(keras.tree.flatten(self.outputs)[self.head.index], dtype="float64")

    @cached_property
    def weighted(self) -> bool:
        """Whether the rows carry sample weights."""
        return bool(leaves(self.batch.sample_weight))

    @cached_property
    def counted(self) -> np.ndarray:
        """The targets whose sample weight isn't 0, one row each."""
        y = np.asarray(self.y, dtype="float64")
        given = leaves(self.batch.sample_weight)
        if not given:
            return y.reshape(-1, y.shape[-1]) if y.ndim > 1 else y[:, None]
        weight = np.asarray(given[(self.head.target or 0) if len(given) > 1 else 0])
        kept = weight.reshape(weight.shape[: y.ndim]) > 0
        return y[kept].reshape(-1, y.shape[-1] if kept.ndim < y.ndim else 1)

    @cached_property
    def values(self) -> tuple[float, float, bool]:
        """Smallest and largest target that counts, and whether all are whole numbers.

        Of all training data; of these rows only where some are weighted with 0.
        """
        labels, ignored = self.head.labels, self.head.ignored
        weights = leaves(self.batch.sample_weight)
        zeros = any((np.asarray(one) <= 0).any() for one in weights)
        if labels is None or zeros or (ignored is not None and not labels.values):
            seen = self.counted[self.counted != ignored]
        elif labels.values:
            seen = np.array([v for v in labels.values if v != ignored])
        else:
            return float(np.min(labels.low)), float(np.max(labels.high)), labels.integers
        seen = seen[np.isfinite(seen)]
        if not seen.size:
            return 0.0, 0.0, True
        return float(seen.min()), float(seen.max()), bool((seen == np.rint(seen)).all())

    def with_target(self, y: np.ndarray) -> ScoredHead:
        """Return the same with other targets for this head."""
        flat = list(keras.tree.flatten(self.batch.y))
        flat[self.head.target or 0] = y
        targets = keras.tree.pack_sequence_as(self.batch.y, flat)
        batch = Batch(self.batch.x, targets, self.batch.sample_weight)
        return ScoredHead(self.model, self.head, batch, self.outputs)

    def loss(self, prediction: np.ndarray) -> float:
        """Return the model's total loss were this head to say `prediction`.

        NaN where the loss refuses it.
        """
        flat = list(keras.tree.flatten(self.outputs))
        flat[self.head.index] = np.asarray(prediction, dtype="float32")
        outputs = keras.tree.pack_sequence_as(self.outputs, flat)
        try:
            return data_loss(self.model, self.batch, outputs)
        except LossUndefined:
            return float("nan")

    def take(self, indices: Any) -> ScoredHead:
        """Return the same head on some of the rows."""
        outputs = Batch(self.outputs).take(indices).x
        return ScoredHead(self.model, self.head, self.batch.take(indices), outputs)

    def reading(self, **facts: Any) -> ScoredHead:
        """Return the same with other facts of its loss."""
        head = replace(self.head, loss=replace(self.head.loss, **facts))
        return ScoredHead(self.model, head, self.batch, self.outputs)


def scored_heads(
    model: Any, task: Task, batch: Batch, outputs: Any, rows: int = 256
) -> Sequence[ScoredHead]:
    """Return the heads that have both a target and a loss, on the first `rows` rows.

    Raises:
        NotApplicable: There is none: no targets, or a loss that is not given to `compile`.
    """
    if not leaves(batch.y):
        msg = "there are no targets"
        raise NotApplicable(msg)
    largest = max(leaf[0].size for leaf in leaves(outputs))
    rows = max(2, min(rows, MOST_ELEMENTS // max(largest, 1)))
    first, said = batch.take(slice(0, rows)), Batch(outputs).take(slice(0, rows)).x
    found = [
        ScoredHead(model, head, first, said)
        for head in task.heads
        if head.target is not None and head.loss.name
    ]
    if not found:
        msg = "no loss was given to compile"
        raise NotApplicable(msg)
    return found
