"""Does the loss grow with the number of rows, and does that hurt?"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.trial import train
from keras_recipe.surgery.preserve import preserve

STEPS = 12
BOLD = 0.3  # rate times rows a step beyond which plain SGD is tried out; SGD's usual top is 0.1
RTOL = 1e-2


def sums_over_rows(scored: ScoredHead) -> bool:
    """Whether the loss of the same rows given twice is twice their loss."""
    rows = min(len(scored.p), 16)
    few = scored.take(np.arange(rows))
    twice = scored.take(np.tile(np.arange(rows), 2))
    once, doubled = few.loss(few.p), twice.loss(twice.p)
    return bool(abs(once) > 0 and abs(doubled / once - 2) < RTOL)


def plain_rate(optimizer: Any) -> float | None:
    """Return the learning rate where the step size follows the gradient's, else None.

    Adaptive optimizers and SGD that clips the norm don't care how large the gradient is; a
    schedule can't be changed for a trial.
    """
    if not isinstance(optimizer, keras.optimizers.SGD):
        return None
    clips = ("clipnorm", "global_clipnorm", "clipvalue")
    if any(getattr(optimizer, name, None) for name in clips):
        return None
    rate = optimizer.get_config().get("learning_rate")
    return float(rate) if isinstance(rate, int | float) else None


def _losses(model: Any, sample: Batch, batch_size: int, rate: float) -> tuple[float, float]:
    """Return the loss before and after a few steps of the user's own training."""
    with preserve(model):
        model.optimizer.learning_rate = rate
        curve = train(model, sample, steps=STEPS, batch_size=batch_size, every=STEPS)
    return curve.losses[0], curve.losses[-1]


def _tried(model: Any, sample: Batch, batch_size: int, rate: float) -> dict[str, Any]:
    """Return what a few steps at the rate in use, and at one for the mean, lead to.

    Empty where that doesn't prove anything.
    """
    try:
        start, after = _losses(model, sample, batch_size, rate)
        mended = _losses(model, sample, batch_size, rate / batch_size)[1]
    except NotApplicable:
        return {}
    harmed = not after <= start and mended < start  # NaN is harm
    return {"before": after, "after": mended, "unit": "loss", "steps": STEPS} if harmed else {}


def step_grows_with_batch(scored: ScoredHead, sample: Batch, batch_size: int) -> Result | None:
    """A summed loss makes the step of SGD as large as the batch."""
    model, rate = scored.model, plain_rate(scored.model.optimizer)
    rows = min(batch_size, len(sample))
    if rate is None or rate * rows < BOLD or not sums_over_rows(scored):
        return None
    tried = _tried(model, sample, rows, rate)
    ends = f"; {STEPS} steps end at a loss of {tried['before']:.4g}" if tried else ""
    return (failed if tried else warned)(
        f"The loss adds up the rows of a batch: SGD at {rate:g} steps as far as "
        f"{rate * rows:g} would on their mean{ends}.",
        measured=rate * rows,
        expected=rate,
        unit="learning rate on the mean loss",
        where=scored.head.name,
        cause="reduction='sum' (or ops.sum in the loss) makes the step grow with the batch.",
        fix=Fix(
            text="Average over the rows, or divide the rate by the batch size.",
            code="reduction='sum_over_batch_size'",
            tried=tried,
        ),
    )
