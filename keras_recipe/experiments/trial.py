"""One short training of the user's own compiled model on given rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.loss import data_loss, predict


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


def advance(model: Any, rows: Batch, steps: int, batch_size: int) -> None:
    """Train `steps` steps by the model's own `fit`, cycling through `rows` in order.

    `fit` rather than `train_on_batch`: the compiled step is the one the user's training will
    use, and nothing waits for the device between steps.

    Args:
        model: A compiled model; call it under `preserve`.
        rows: Rows to train on, repeated as often as needed.
        steps: Number of optimizer steps.
        batch_size: Rows a step.

    Raises:
        Untrainable: The training step raises.
    """
    indices = np.arange(steps * batch_size) % len(rows)
    batch = rows.take(indices)
    try:
        model.fit(
            batch.x,
            batch.y,
            sample_weight=batch.sample_weight,
            batch_size=batch_size,
            epochs=1,
            shuffle=False,
            verbose=0,
        )
    except Exception as error:  # each backend has its own kinds of error
        text = " ".join(str(error).split())[:300]
        msg = f"the model cannot be trained: {text}"
        raise Untrainable(msg) from error


def train(
    model: Any,
    rows: Batch,
    *,
    steps: int,
    batch_size: int,
    every: int = 50,
    target: float = -np.inf,
) -> Curve:
    """Train on `rows` and measure the loss on them every so often.

    Args:
        model: A compiled model; call it under `preserve`.
        rows: Rows to train on.
        steps: Most optimizer steps.
        batch_size: Rows a step.
        every: Steps between measurements.
        target: Stop as soon as the loss is at or below it.

    Returns:
        The curve, with the loss before the first step in front.
    """
    done, marks = 0, [0]
    losses = [data_loss(model, rows, predict(model, rows.x))]
    while done < steps and losses[-1] > target and np.isfinite(losses[-1]):
        stride = min(every, steps - done)
        advance(model, rows, stride, batch_size)
        done += stride
        marks.append(done)
        losses.append(data_loss(model, rows, predict(model, rows.x)))
    return Curve(marks, losses)
