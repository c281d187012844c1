"""Fitting a few examples: how far the loss fell between the best constant and its floor."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import Batch
from keras_recipe.experiments.references import references
from keras_recipe.experiments.trial import advance
from keras_recipe.loss import data_loss, predict
from keras_recipe.surgery.layers import walk
from keras_recipe.task import Task

__all__ = ["Outcome", "overfit", "references"]

FIRST_STEPS = 10  # steps to the first measurement; then half as many again as were done


@dataclass(frozen=True)
class Outcome:
    """What training on a few examples reached.

    Attributes:
        steps: Steps at which the loss was measured, starting at 0.
        losses: The model's own loss in inference mode at each of them.
        floor: Loss of the labels themselves as predictions: it can be reached.
        constant: Loss of the best prediction that is the same for every example.
        finished: Whether all steps asked for were done, or the goal was reached.
    """

    steps: Sequence[int]
    losses: Sequence[float]
    floor: float
    constant: float
    finished: bool

    @property
    def best(self) -> float:
        """The lowest finite loss."""
        return min((v for v in self.losses if np.isfinite(v)), default=float("inf"))

    @property
    def explained(self) -> float:
        """Share of the way from the best constant down to the floor; 1 is a perfect fit."""
        return self._share(self.best)

    @property
    def has_diverged(self) -> bool:
        """Whether the loss ended as no number, or above its start and the best constant."""
        last = self.losses[-1]
        return not np.isfinite(last) or last > max(self.losses[0], self.constant)

    def projected(self, steps: int) -> float:
        """Return the share explained after `steps`, if the pace of the last third goes on."""
        done = self.steps[-1]
        before = [v for s, v in zip(self.steps, self.losses, strict=True) if s <= done * 2 / 3]
        early = min((v for v in before if np.isfinite(v)), default=float("inf"))
        pace = max(self.explained - self._share(early), 0.0) / max(done / 3, 1)
        return self.explained + pace * max(steps - done, 0)

    def _share(self, loss: float) -> float:
        way = self.constant - self.floor
        return (self.constant - loss) / way if way > 0 else float("nan")


def _has_moving_statistics(model: Any) -> bool:
    return any(isinstance(layer, keras.layers.BatchNormalization) for _, layer in walk(model))


def overfit(
    model: Any, rows: Batch, task: Task, *, steps: int, seconds: float, goal: float
) -> Outcome:
    """Train the model on a few rows and see how far the loss falls.

    With BatchNormalization the training loss counts too, where it is lower: its moving
    statistics need hundreds of steps, and KR217 judges them.

    Args:
        model: A compiled model; call it under `preserve`, regularisation off.
        rows: The few examples.
        task: What is learned.
        steps: Most optimizer steps, each on all rows.
        seconds: Time after which no further steps are started.
        goal: Stop when this share of the way to the floor is explained.

    Raises:
        Untrainable: The training step raises.
        LossUndefined: The loss cannot be computed on these labels.
    """
    started = time.perf_counter()
    outputs = predict(model, rows.x)
    floor, constant = references(model, task, rows, outputs)
    marks, losses = [0], [data_loss(model, rows, outputs)]
    lagging = _has_moving_statistics(model)
    enough = constant - goal * (constant - floor)
    until: float | None = enough
    while marks[-1] < steps and np.isfinite(losses[-1]):
        count = min(max(marks[-1] // 2, FIRST_STEPS), steps - marks[-1])
        done, reported = advance(model, rows, count, len(rows), until=until)
        marks.append(marks[-1] + done)
        loss = data_loss(model, rows, predict(model, rows.x))
        losses.append(float(np.fmin(loss, reported)) if lagging else loss)
        if losses[-1] <= enough:
            break
        if done < count:  # in training mode it was enough: that says little of this model
            until = None
        if time.perf_counter() - started > seconds:
            return Outcome(marks, losses, floor, constant, finished=marks[-1] >= steps)
    return Outcome(marks, losses, floor, constant, finished=True)
