"""Training on the planned batches: a second look where a few examples teach nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.contest import Side, shares_of
from keras_recipe.experiments.skill import skill
from keras_recipe.fit_settings import FitSettings
from keras_recipe.task import Task

LOOKS = 4  # times the share is measured in one training


def learned(
    model: Any,
    sample: Batch,
    task: Task,
    fit: FitSettings,
    *,
    steps: int,
    seed: int,
    enough: float,
) -> float:
    """Return the share of what can be learned of some rows that training on them brings.

    Every step takes other rows, as in `fit`. A unit that is dead for eight examples, or a
    probability that is clipped at 0 and has no slope for them, is moved by the next rows:
    what a few examples can't set right may be no trouble to the training that is planned.

    Args:
        model: A compiled model; it is put back afterwards.
        sample: Rows to train on and to measure on.
        task: What is learned.
        fit: Says how many rows a step takes.
        steps: Most optimizer steps.
        seed: Decides the order of the rows.
        enough: Share at which the training ends.
    """
    marks = sorted({max(1, round(steps * (i + 1) / LOOKS)) for i in range(LOOKS)})
    side = Side(rows=sample, score=lambda: skill(model, task, sample))
    size = min(fit.batch_size, len(sample))
    with suppress(NotApplicable):  # this loss has no floor or no constant on these rows
        return max(shares_of(model, side, marks, size, seed, enough))
    return 0.0
