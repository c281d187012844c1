"""Would smaller batches, in the same epochs, learn what the planned ones do not?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.contest import split_rows
from keras_recipe.experiments.skill import skill
from keras_recipe.experiments.trial import advance, has_own_step
from keras_recipe.fit_settings import FitSettings
from keras_recipe.surgery.preserve import preserve
from keras_recipe.task import Task

SMALLER = 32  # rows of the batches tried
MOST_STEPS = 300


@dataclass(frozen=True, kw_only=True)
class Updates:
    """What the planned updates reach, and what more and smaller ones do.

    Attributes:
        planned: Updates in the whole training as planned.
        reached: Share of what can be learned that they reach, on held-out rows.
        batch_size: Rows of the smaller batches.
        steps: Their number in the same epochs.
        possible: Share that these reach.
    """

    planned: int
    reached: float
    batch_size: int
    steps: int
    possible: float


def _reached(
    model: Any, task: Task, rows: Batch, held: Batch, steps: int, size: int, seed: int
) -> float:
    random = np.random.default_rng(seed)
    turns = -(-steps * size // len(rows))
    order = np.concatenate([random.permutation(len(rows)) for _ in range(max(turns, 1))])
    with preserve(model):
        advance(model, rows.take(order[: steps * size]), steps, size)
        found = skill(model, task, held)
    return found if np.isfinite(found) else 0.0


def few_updates(
    model: Any,
    task: Task,
    sample: Batch,
    fit: FitSettings,
    *,
    seed: int,
    seconds: float,
    least: float,
    ratio: float,
) -> Updates | None:
    """Return the comparison if the planned updates are too few because batches are large.

    Args:
        model: A compiled model; it is put back after each training.
        task: What is learned.
        sample: Training rows.
        fit: The user's plan.
        seed: Order of the rows.
        seconds: No second training is started that would take longer.
        least: Share that the smaller batches must reach.
        ratio: Share of that under which the planned ones must stay.
    """
    began = time.perf_counter()
    if has_own_step(model):
        return None
    rows, held = split_rows(sample, seed)
    planned = (fit.steps_per_epoch or 1) * fit.epochs
    smaller = min(SMALLER, max(fit.batch_size // 4, 1))
    steps = min(fit.epochs * -(-(fit.num_samples or len(sample)) // smaller), MOST_STEPS)
    try:
        reached = _reached(
            model, task, rows, held, planned, min(fit.batch_size, len(rows)), seed
        )
        ahead = (time.perf_counter() - began) * max(steps / planned, 1)
        if reached >= least or ahead > seconds:
            return None
        possible = _reached(model, task, rows, held, steps, smaller, seed)
    except NotApplicable:
        return None
    if possible < least or reached > ratio * possible:
        return None
    return Updates(
        planned=planned,
        reached=max(reached, 0.0),
        batch_size=smaller,
        steps=steps,
        possible=possible,
    )
