"""Training on from where a fit ended: as it was, and with one thing changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.contest import split_rows
from keras_recipe.experiments.gathered import FEW, gathered, updates
from keras_recipe.experiments.progress import clipping, faded, regularized, update_ratio
from keras_recipe.experiments.skill import skill
from keras_recipe.experiments.trial import advance
from keras_recipe.surgery.added_losses import adds_losses, without_added_losses
from keras_recipe.surgery.averages import averages
from keras_recipe.surgery.optimizer import innermost, other_optimizer, rate_of, restarted
from keras_recipe.surgery.preserve import preserve
from keras_recipe.surgery.toggles import without_regularization
from keras_recipe.task import Task

MOST_STEPS = 300  # of each training on; three times those of the fit, where that is less
LEAST_STEPS = 150
MARKS = 3  # measurements a training
NOTHING = 0.1  # share under which an added loss may outweigh the data
ENOUGH = 0.8  # share of what can be learned with which no question is left
USUAL_RATIO = 3e-3  # update to weight norm of a healthy start: 1e-3 to 1e-2


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One way to train on.

    Attributes:
        name: `"same"`, `"restored"`, `"ungathered"`, `"unclipped"`, `"free"`, `"unadded"`,
            `"faster"` or `"slower"`.
        during: What is changed on the model meanwhile.
        rate: Learning rate; None where it is not changed.
    """

    name: str
    during: Callable[[Any], AbstractContextManager[Any]] = lambda _: nullcontext()
    rate: float | None = None


def turns(model: Any, trace: Any, x: Any = None) -> Iterator[Turn]:
    """Yield the ways to train on that there is a reason for, the plainest first.

    Args:
        model: The trained model.
        trace: The trace of its training.
        x: Inputs of a few rows, to see what layers add to the loss; None: not of interest.
    """
    yield Turn(name="same")
    inner = innermost(model.optimizer)

    def swapped(name: str, **settings: Any) -> Turn:
        made = partial(restarted, inner, **settings)
        rate = settings.get("learning_rate")
        during = lambda one: other_optimizer(one, made())  # noqa: E731
        return Turn(name=name, during=during, rate=rate)

    peak = faded(trace)
    if peak:
        yield swapped("restored", learning_rate=peak)
    if gathered(trace.optimizer) > 1 and (updates(trace) or 0) < FEW:
        yield swapped("ungathered", gradient_accumulation_steps=None)
    clips = clipping(trace)
    if clips:
        yield swapped("unclipped", **dict.fromkeys(clips))
    if regularized(trace):
        yield Turn(name="free", during=without_regularization)
    if x is not None and adds_losses(model, x):
        yield Turn(name="unadded", during=without_added_losses)
    rate, ratio = abs(peak or rate_of(inner)), _pace(trace, decayed=peak is not None)
    if rate and ratio:
        name, limits = ("faster", (10, 1e4)) if ratio < USUAL_RATIO else ("slower", (1e-3, 0.1))
        factor = float(np.clip(USUAL_RATIO / ratio, *limits))
        yield swapped(name, learning_rate=factor * rate)


def _pace(trace: Any, *, decayed: bool) -> float | None:
    """Return the update to weight norm that another rate is chosen by.

    That of the first epoch, at the fit's own rate. Where it was small and has become smaller,
    that of the last epoch, from which it goes on: the first steps of a net only find the mean
    of the labels, and are the larger for it. It may be a tenth of the first at least.
    """
    first, last = update_ratio(trace), update_ratio(trace, -1)
    if decayed or not first or not last or last >= first or first >= USUAL_RATIO:
        return first
    return max(last, first / 10)


def onward(
    model: Any,
    trace: Any,
    sample: Batch,
    task: Task,
    *,
    batch_size: int,
    seed: int,
    seconds: float = 20.0,
) -> dict[str, Any]:
    """Return what a finished training has learned, and what training on would still bring.

    Measured as the share of what can be learned (`skill`) on a third of the sample, which is
    not trained on meanwhile: what is only learned by heart does not count.

    Args:
        model: The trained model; it is put back.
        trace: The trace of its training.
        sample: Training rows.
        task: What is learned.
        batch_size: Rows a step of the fit.
        seed: Decides the rows held back and the order of the others.
        seconds: Time after which no further training is started.

    Returns:
        `skill`, the share at the end of the fit, on `rows` rows, and `turns`: by name of a
        `Turn` its `rate`, `batch_size`, `steps` and the `skill` after each of them; `untried`,
        the names of those that there was no time for, all of them where the optimizer averages
        the weights. Empty where it can't be said.
    """
    began = time.perf_counter()
    rows, held = split_rows(sample, seed)
    if not len(held) or not model.trainable_variables:
        return {}
    try:
        with preserve(model):
            now = skill(model, task, held)
        if not np.isfinite(now):
            return {}
        found: dict[str, Any] = {"skill": now, "rows": len(held), "turns": {}, "untried": []}
        size, steps = min(batch_size, len(rows)), _steps(trace)
        averaged = averages(model)  # each fit ends with the average, not what it trained to
        few = sample.take(np.arange(2)).x if now < NOTHING else None
        for turn in turns(model, trace, few) if now < ENOUGH else ():
            if averaged or time.perf_counter() - began > seconds:
                found["untried"].append(turn.name)
                continue
            shares = _trained(model, turn, rows, size, lambda: skill(model, task, held), steps)
            found["turns"][turn.name] = {
                "rate": turn.rate,
                "batch_size": size,
                "steps": steps,
                "skill": shares,
            }
    except NotApplicable:
        return {}
    return found


def _steps(trace: Any) -> list[int]:
    """Return when to measure: up to three times the steps that the fit made, within bounds."""
    made = 3 * (trace.total_steps or MOST_STEPS)
    last = int(min(max(made, LEAST_STEPS), MOST_STEPS))
    return [round(last * (i + 1) / MARKS) for i in range(MARKS)]


def _trained(
    model: Any, turn: Turn, rows: Batch, size: int, score: Callable[[], float], steps: list[int]
) -> list[float]:
    """Return the score after each number of steps; the model is put back afterwards."""
    found: list[float] = []
    with preserve(model), turn.during(model):
        for done, mark in zip([0, *steps], steps, strict=False):
            advance(model, rows, mark - done, size)
            share = score()
            found.append(share if np.isfinite(share) else -1.0)
    return found
