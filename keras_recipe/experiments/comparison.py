"""The same training with and without one change of the model."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.references import references
from keras_recipe.experiments.trial import train
from keras_recipe.loss import predict
from keras_recipe.surgery.preserve import preserve
from keras_recipe.task import Task

SECONDS = 10.0  # a training takes no more


@dataclass(frozen=True)
class Comparison:
    """What each training explained: 0 is the best constant, 1 the lowest reachable loss.

    Attributes:
        steps: Optimizer steps of either.
        losses: The lowest loss without and with the change.
        shares: The share explained without and with it.
    """

    steps: int
    losses: tuple[float, float]
    shares: tuple[float, float]

    @property
    def tried(self) -> dict[str, Any]:
        """The facts for `Fix.tried`."""
        before, after = self.losses
        return {"before": before, "after": after, "unit": "loss", "steps": self.steps}


def compare(
    model: Any,
    rows: Batch,
    task: Task,
    change: Callable[[Any], AbstractContextManager[None]],
    *,
    steps: int,
    batch_size: int,
) -> Comparison:
    """Train the model from where it stands as it is and with a change; it is put back.

    Args:
        model: A compiled model.
        rows: Rows to train and to measure on.
        task: What is learned.
        change: Makes the change for as long as its context lasts.
        steps: Most optimizer steps; both trainings do as many.
        batch_size: Rows a step.

    Raises:
        NotApplicable: The training step raises, or the loss has no floor.
    """
    floor, constant = references(model, task, rows, predict(model, rows.x))
    if not constant > floor:
        msg = "the loss has no best constant to compare with"
        raise NotApplicable(msg)
    size, every = {"batch_size": batch_size}, max(steps // 3, 1)
    with preserve(model):
        before = train(model, rows, steps=steps, every=every, seconds=SECONDS, **size)
    with preserve(model), change(model):
        after = train(model, rows, steps=before.steps[-1], every=every, **size)
    first, second = ((constant - c.best) / (constant - floor) for c in (before, after))
    return Comparison(before.steps[-1], (before.best, after.best), (first, second))
