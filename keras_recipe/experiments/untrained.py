"""Frozen layers that were never trained: does it cost anything?"""

from __future__ import annotations

from typing import Any

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.comparison import Comparison, compare
from keras_recipe.surgery.frozen import everything_trainable, train_everything, untrained
from keras_recipe.task import Task

CLEARLY = 0.7  # what is left of the loss, relative to what is left with the layers frozen
#: Share of what trained layers explain that frozen ones must miss. A wide layer may be random
#: on purpose and a head on it learn nearly all (Rahimi & Recht 2007, random features): 512
#: such units explain 0.87 of it on digits, layers frozen by mistake 0.01 to 0.45.
AS_GOOD = 0.8


def _compared(model: Any, rows: Batch, task: Task, steps: int, size: int) -> Comparison | None:
    try:
        return compare(model, rows, task, everything_trainable, steps=steps, batch_size=size)
    except NotApplicable:
        return None


def untrained_verdict(
    model: Any, rows: Batch, task: Task, *, steps: int, batch_size: int
) -> Result | None:
    """Return the finding about layers that are frozen at random values; None without them.

    Args:
        model: A compiled model.
        rows: Rows to try it on.
        task: What is learned.
        steps: Steps of each of two trainings: as it is, and with everything trainable.
        batch_size: Rows a step.
    """
    paths = untrained(model)
    if not paths:
        return None
    found = _compared(model, rows, task, steps, batch_size)
    left = [1 - share for share in found.shares] if found else [1.0, 1.0]
    harms = (
        found is not None
        and left[1] < CLEARLY * left[0]
        and found.shares[1] > 0.1
        and found.shares[0] < AS_GOOD * found.shares[1]
    )
    text = f"{len(paths)} layer(s) are frozen at the random weights they began with"
    if found is not None:
        text += (
            f"; {found.steps} steps reach a loss of {found.losses[0]:.3g}, and "
            f"{found.losses[1]:.3g} with every layer trainable"
        )
    return (failed if harms else warned)(
        text,
        measured=float(len(paths)),
        expected=0.0,
        unit="layers",
        where=", ".join(paths[:5]),
        cause="trainable=False was set on layers that were never trained.",
        fix=Fix(
            text="Train these layers, or load their pretrained weights before freezing them.",
            code="model.trainable = True; model.compile(...)",
            action=train_everything,
            tried=found.tried if found else {},
        ),
    )
