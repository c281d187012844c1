"""Does a mask for the padding make the difference?"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.padding import Padding
from keras_recipe.experiments.contest import Contest, Side, contest, split_rows, steps_for
from keras_recipe.experiments.skill import skill
from keras_recipe.experiments.trial import has_own_step
from keras_recipe.fit_settings import FitSettings
from keras_recipe.loss import predict
from keras_recipe.surgery.masking import masked
from keras_recipe.task import Task


def _right_among_real(model: Any, task: Task, rows: Batch, real: np.ndarray) -> float:
    """Return the accuracy above the most frequent class, on the steps that are not padding."""
    said = leaves(predict(model, rows.x))[0]
    y = leaves(rows.y)[task.heads[0].target or 0].reshape(real.shape)[real]
    told = (said.argmax(-1) if said.shape[-1] > 1 else said[..., 0] > 0.5)[real]
    chance = float(np.unique(y, return_counts=True)[1].max() / len(y))
    return (float((told == y).mean()) - chance) / max(1 - chance, 1e-9)


def mask_contest(  # noqa: PLR0913  what is trained, how long, and what decides
    model: Any,
    task: Task,
    sample: Batch,
    fit: FitSettings,
    filled: Padding,
    *,
    entrance: str,
    most_steps: int,
    seed: int,
    enough: float,
    least: float,
    ratio: float,
    seconds: float,
) -> Contest | None:
    """Train with and without a mask for the padding.

    Where there is a class for each step, only steps that are not padding are scored.

    Args:
        model: A compiled model.
        task: What it learns.
        sample: Rows to train and to score on.
        fit: The user's settings.
        filled: The padding of the input.
        entrance: Path of the layer that a padded series enters by as it is; "" if none.
        most_steps: Most steps of each training.
        seed: Decides rows and their order.
        enough: As in `contest`.
        least: As in `contest`.
        ratio: As in `contest`.
        seconds: As in `contest`.

    Raises:
        NotApplicable: There is nothing to train on, or the mask would not be the same padding.
    """
    if sample.y is None or len(sample) < 16 or has_own_step(model):
        msg = "there is nothing to train on, or the training step is the model's own"
        raise NotApplicable(msg)
    order = split_rows(Batch(sample.x, sample.y, np.arange(len(sample))), seed)
    rows, held = split_rows(sample, seed)
    real = filled.real[leaves(order[1].sample_weight)[0]]
    head = task.heads[0]
    target = leaves(held.y)[head.target or 0]
    by_step = len(task.heads) == 1 and head.kind in ("binary", "multiclass")
    if by_step and head.structure == "token" and target.size == real.size:
        score = partial(_right_among_real, model, task, held, real)
    else:
        score = partial(skill, model, task, held)
    steps, planned = steps_for(model, fit, most_steps)
    mask = partial(masked, value=filled.value, entrance=entrance)
    return contest(
        model,
        Side(rows=rows, score=score),
        Side(rows=rows, score=score, during=mask),
        steps=steps,
        planned=planned,
        batch_size=min(fit.batch_size, len(rows)),
        seed=seed,
        least=least,
        ratio=ratio,
        seconds=seconds,
        enough=enough,
    )
