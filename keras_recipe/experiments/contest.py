"""Two trainings that differ in one thing: does the change make the difference?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.experiments.trial import advance
from keras_recipe.subject import FitSettings
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.preserve import preserve

LEAST_STEPS = 200  # steps given where one epoch is planned, which may be no plan at all
LEAST_PLANNED = 20  # steps given where more epochs, but fewer steps, are planned
LEAST_WITH_BATCH_NORM = 600  # moving statistics at momentum 0.99 are then within 0.3 %
MARKS = 5  # measurements a training
STRIDE_BYTES = 64 * 2**20  # repeated rows handed to `fit` at once


@dataclass(frozen=True, kw_only=True)
class Contest:
    """What was learned with the data as it is and with the change.

    Attributes:
        steps: Steps at which both were measured.
        before: Share explained on held-out rows with the data as it is: 0 is the best
            constant, 1 is perfect; minus infinity where the loss is not a number.
        after: The same with the change.
        planned: Steps the user planned.
        finished: Whether all steps were done in time.
    """

    steps: Sequence[int]
    before: Sequence[float]
    after: Sequence[float]
    planned: int
    finished: bool

    @property
    def reached(self) -> tuple[float, float]:
        """The best share explained so far without and with the change, at least 0."""
        return max(*self.before, 0.0), max(*self.after, 0.0)

    @property
    def expected(self) -> float:
        """What the data as it is would reach at the planned end if it went on as at last."""
        middle, end = self.before[len(self.before) // 2], self.before[-1]
        left = max(self.planned - self.steps[-1], 0)
        span = self.steps[-1] - self.steps[len(self.steps) // 2]
        if not left or not np.isfinite([middle, end]).all():
            return self.reached[0]
        return max(self.reached[0], end + max(end - middle, 0.0) * left / span)

    def harmed(self, *, least: float, ratio: float) -> bool:
        """Whether the change explains at least `least`, and the data as it is `ratio` of it.

        At the end of the planned steps; where fewer were done, the data as it is is given
        what it would reach by going on at its last pace.
        """
        enough = self.reached[1] >= least
        return self.finished and enough and self.expected <= ratio * self.reached[1]


def proved(race: Callable[[int], Contest], *, least: float, ratio: float) -> list[Contest]:
    """Return one contest, or two where the first shows harm that a second should confirm.

    Args:
        race: Runs a contest; gets 0 or 1, which should decide the order of the rows.
        least: As in `Contest.harmed`.
        ratio: As in `Contest.harmed`.
    """
    first = race(0)
    clear = first.harmed(least=2 * least, ratio=ratio / 2)
    close = first.harmed(least=least, ratio=ratio) and not clear
    return [first, race(1)] if close else [first]


def split_rows(sample: Batch, seed: int, held: float = 1 / 3) -> tuple[Batch, Batch]:
    """Return shuffled rows to train on and rows to measure on."""
    order = np.random.default_rng(seed).permutation(len(sample))
    cut = len(sample) - int(held * len(sample))
    return sample.take(order[:cut]), sample.take(order[cut:])


def steps_for(model: Any, fit: FitSettings, most: int) -> tuple[int, int]:
    """Return the steps to do, within reason, and the steps the user planned."""
    planned = max(fit.steps_per_epoch or 1, 1) * fit.epochs
    batch_norm = any(isinstance(x, keras.layers.BatchNormalization) for _, x in walk(model))
    unsaid = LEAST_WITH_BATCH_NORM if batch_norm else LEAST_STEPS
    return max(min(planned, most), LEAST_PLANNED if fit.epochs > 1 else unsaid), planned


def _shares(
    model: Any,
    rows: Batch,
    score: Callable[[], float],
    marks: Sequence[int],
    batch_size: int,
) -> list[float]:
    """Return the score at each mark of one training; the model is put back afterwards."""
    each = sum(leaf.nbytes for leaf in leaves(rows.x)) / len(rows)
    stride = max(1, int(STRIDE_BYTES / max(each * batch_size, 1)))
    found: list[float] = []
    done = 0
    with preserve(model):
        for mark in marks:
            while done < mark:
                count = min(stride, mark - done)
                start = done * batch_size % len(rows)
                advance(
                    model, rows.take(np.roll(np.arange(len(rows)), -start)), count, batch_size
                )
                done += count
            share = score()
            found.append(share if np.isfinite(share) else -np.inf)
    return found


def contest(
    model: Any,
    trained: tuple[Batch, Batch],
    scores: tuple[Callable[[], float], Callable[[], float]],
    *,
    steps: int,
    planned: int,
    batch_size: int,
    seconds: float,
) -> Contest:
    """Train the same model twice from where it stands, in the same order of rows.

    Args:
        model: A compiled model; it is put back after each training.
        trained: Rows to train on, as they are and changed.
        scores: Share explained on the held-out rows, for either form of them.
        steps: Steps of each training.
        planned: Steps the user planned.
        batch_size: Rows a step.
        seconds: Time after which no training is started; the contest is then not finished.

    Raises:
        Untrainable: The training step raises.
    """
    began = time.perf_counter()
    marks = [max(1, round(steps * (i + 1) / MARKS)) for i in range(MARKS)]
    before = _shares(model, trained[0], scores[0], marks, batch_size)
    finished = time.perf_counter() - began < seconds
    after = (
        _shares(model, trained[1], scores[1], marks, batch_size) if finished else [0.0] * MARKS
    )
    return Contest(steps=marks, before=before, after=after, planned=planned, finished=finished)
