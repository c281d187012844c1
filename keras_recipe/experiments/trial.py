"""One short training of the user's own compiled model on given rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.loss import data_loss, predict
from keras_recipe.surgery.averages import unaveraged

STRIDE_BYTES = 8 * 2**20  # repeated rows handed to `fit` at once


class Untrainable(NotApplicable):
    """The model cannot be trained on these rows at all; the message is the backend's own."""


@dataclass(frozen=True)
class Curve:
    """Loss against steps, measured in inference mode on the rows that were trained on.

    Attributes:
        steps: Step counts, starting at 0.
        losses: The model's own loss (penalties left out) at each of them.
    """

    steps: Sequence[int]
    losses: Sequence[float]

    @property
    def best(self) -> float:
        """The lowest finite loss; infinity when there is none."""
        return min((v for v in self.losses if np.isfinite(v)), default=float("inf"))


class _Until(keras.callbacks.Callback):
    """Ends a training as soon as the loss of one step is low enough.

    What a step reports is the mean over the epoch so far, and its own loss is that of the
    weights before it.
    """

    def __init__(self, loss: float) -> None:
        super().__init__()
        self.loss, self.total, self.done, self.met = loss, 0.0, 0, False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        mean, steps = float(np.mean((logs or {}).get("loss", np.nan))), batch + 1
        own = (steps * mean - self.total) / max(steps - self.done, 1)
        self.total, self.done = steps * mean, steps
        self.met = own <= self.loss
        if self.met:
            self.model.stop_training = True


def advance(
    model: Any, rows: Batch, steps: int, batch_size: int, *, until: float | None = None
) -> tuple[int, float]:
    """Train `steps` steps by the model's own `fit`, cycling through `rows` in order.

    `fit` rather than `train_on_batch`: the compiled step is the one the user's training will
    use, and nothing waits for the device between steps.

    Args:
        model: A compiled model; call it under `preserve`.
        rows: Rows to train on, repeated as often as needed.
        steps: Number of optimizer steps.
        batch_size: Rows a step.
        until: Stop after the step whose training loss is at or below it; None for all steps.

    Returns:
        The number of steps made, and the mean training loss of the last ones, as `fit` reports
        it; NaN if it does not.

    Raises:
        Untrainable: The training step raises.
    """
    each = sum(leaf.nbytes for part in rows.parts() for leaf in leaves(part)) / len(rows)
    stride, done = max(1, int(STRIDE_BYTES / max(each * batch_size, 1))), 0
    reported = float("nan")
    while done < steps:
        count = min(stride, steps - done)
        indices = np.arange(done * batch_size, (done + count) * batch_size) % len(rows)
        watch = None if until is None else _Until(until)
        with unaveraged(model):
            reported = _fitted(model, rows.take(indices), batch_size, watch)
        done += (watch.done if watch is not None else 0) or count
        if watch is not None and watch.met:
            break
    return done, reported


def _fitted(model: Any, batch: Batch, batch_size: int, watch: _Until | None) -> float:
    try:
        history = model.fit(
            batch.x,
            batch.y,
            sample_weight=batch.sample_weight,
            batch_size=batch_size,
            epochs=1,
            shuffle=False,
            verbose=0,
            callbacks=None if watch is None else [watch],
        )
    except Exception as error:  # each backend has its own kinds of error
        msg = f"the model cannot be trained: {said(error)}"
        raise Untrainable(msg) from error
    return float(np.mean(history.history.get("loss", [np.nan])[-1]))


def has_own_step(model: Any) -> bool:
    """Whether `fit` may train something else than the compiled loss."""
    return type(model).train_step is not keras.Model.train_step


def train(
    model: Any,
    rows: Batch,
    *,
    steps: int,
    batch_size: int,
    every: int = 50,
    target: float = -np.inf,
    seconds: float = np.inf,
) -> Curve:
    """Train on `rows` and measure the loss on them every so often.

    Args:
        model: A compiled model; call it under `preserve`.
        rows: Rows to train on.
        steps: Most optimizer steps.
        batch_size: Rows a step.
        every: Steps between measurements.
        target: Stop as soon as the loss is at or below it.
        seconds: Time after which no further steps are started.

    Returns:
        The curve, with the loss before the first step in front.
    """
    began, done, marks = time.perf_counter(), 0, [0]
    losses = [data_loss(model, rows, predict(model, rows.x))]
    while done < steps and losses[-1] > target and np.isfinite(losses[-1]):
        stride = min(every, steps - done)
        advance(model, rows, stride, batch_size)
        done += stride
        marks.append(done)
        losses.append(data_loss(model, rows, predict(model, rows.x)))
        if time.perf_counter() - began > seconds:
            break
    return Curve(marks, losses)
