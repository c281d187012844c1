"""How low a training loss has to be: the noise floor, or what a person would have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_recipe.core.result import plain
from keras_recipe.data.batch import Batch
from keras_recipe.data.human import Answers
from keras_recipe.experiments.references import references
from keras_recipe.loss import LossUndefined, predict
from keras_recipe.task import Head, Task

_LIKELIHOODS = (
    *("categorical_crossentropy", "sparse_categorical_crossentropy"),
    "binary_crossentropy",
)


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What counts as having learned the training rows.

    Attributes:
        floor: Loss of the labels themselves as predictions (KR209); NaN if not known.
        constant: Loss of the best constant prediction; NaN if not known.
        share: Share of the way from there to the floor that meets it.
        person: Accuracy of a person (KR206); NaN if nobody has labelled.
        person_loss: Loss of such answers; NaN if not known.
    """

    floor: float = math.nan
    constant: float = math.nan
    share: float
    person: float = math.nan
    person_loss: float = math.nan

    @property
    def loss(self) -> float:
        """The loss at or below which it is met: the easier of both; -inf if none is known."""
        by_floor = self.constant - self.share * (self.constant - self.floor)
        known = [one for one in (by_floor, self.person_loss) if math.isfinite(one)]
        return max(known, default=-math.inf)

    @property
    def text(self) -> str:
        """What it is, in words."""
        if not math.isfinite(self.loss):
            return "no goal: the loss has no floor, and nobody has labelled a sample"
        if self.loss == self.person_loss:
            return f"the loss {self.loss:.3g} of a person, right on {self.person:.1%} (KR206)"
        return (
            f"the loss {self.loss:.3g}: {self.share:.0%} of the way from the best constant's "
            f"{self.constant:.3g} to the noise floor {self.floor:.3g}"
        )

    def explained(self, loss: float) -> float:
        """Return the share of the way to the floor that a loss has gone; NaN if not known."""
        way = self.constant - self.floor
        return (self.constant - loss) / way if way > 0 else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        fields = ("floor", "constant", "share", "person", "person_loss", "loss")
        return plain({name: float(getattr(self, name)) for name in fields})


def _person_loss(head: Head, accuracy: float) -> float:
    """Return the cross-entropy of answers that are right so often and as sure as that.

    NaN where the loss is no cross-entropy over exclusive classes, or the answers are no better
    than chance.
    """
    exclusive = head.kind in ("binary", "multiclass") and head.loss.name in _LIKELIHOODS
    if not exclusive or not 1 / head.classes < accuracy <= 1:
        return math.nan
    wrong = 1 - accuracy
    if wrong == 0:
        return 0.0
    spread = wrong * math.log(wrong / (head.classes - 1))
    return -(accuracy * math.log(accuracy) + spread)


def goal_of(model: Any, task: Task, sample: Batch, human: Answers, *, share: float) -> Goal:
    """Return how low the loss has to be.

    Args:
        model: A compiled, built model; metric states move: call it under `preserve`.
        task: What it learns.
        sample: Training rows.
        human: What a person said of some; may be empty.
        share: Share of the way from the best constant's loss to the floor that meets it.
    """
    fields: dict[str, float] = {"share": share}
    try:
        floor, constant = references(model, task, sample, predict(model, sample.x))
        if constant > floor:
            fields |= {"floor": floor, "constant": constant}
    except LossUndefined:
        pass
    if human.said and len(task.heads) == 1:
        person = float(np.mean(human.accuracies()))
        fields |= {"person": person, "person_loss": _person_loss(task.heads[0], person)}
    return Goal(**fields)
