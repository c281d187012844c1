"""Two trainings that differ in one thing: does the change make the difference?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.experiments.trial import STRIDE_BYTES, advance
from keras_recipe.fit_settings import FitSettings
from keras_recipe.loss import predict
from keras_recipe.outputs import output_bytes
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.preserve import preserve

LEAST_STEPS = 200  # steps given where one epoch is planned, which may be no plan at all
LEAST_PLANNED = 20  # steps given where more epochs, but fewer steps, are planned
LEAST_WITH_BATCH_NORM = 600  # moving statistics at momentum 0.99 are then within 0.3 %
MARKS = 5  # measurements a training
LARGE = 2**22  # bytes of outputs a step, under which no step is slow for their sake
BACKWARD = 3  # times of a prediction that a step takes: forward, and about twice that back
LATE = 10  # times the seconds allowed that a training may take where it cannot be cut short


@dataclass(frozen=True, kw_only=True)
class Side:
    """One form of the data.

    Attributes:
        rows: Rows to train on.
        score: Returns the share of what can be learned that the model shows on held-out rows
            of this form: 0 is the best constant, 1 is perfect.
        during: What is changed on the model for as long as it trains on this side.
    """

    rows: Batch
    score: Callable[[], float]
    during: Callable[[Any], AbstractContextManager[Any]] = lambda _: nullcontext()


@dataclass(frozen=True, kw_only=True)
class Contest:
    """What was learned with the data as it is and with the change.

    Attributes:
        steps: Steps at which the shares were measured.
        before: Shares with the data as it is, a list a training; minus infinity where the
            loss is not a number.
        after: Shares with the change.
        planned: Steps the user planned.
        compared: Whether there was a training with the change; else `after` says nothing.
    """

    steps: Sequence[int]
    before: Sequence[Sequence[float]]
    after: Sequence[float]
    planned: int
    compared: bool = True

    @property
    def reached(self) -> tuple[float, float]:
        """The best share without and with the change, at least 0."""
        return max(0.0, *(max(shares) for shares in self.before)), max(0.0, *self.after)

    @property
    def expected(self) -> float:
        """What the data as it is would reach by the planned end, going on at its last pace."""
        return max(self.reached[0], *(self._ahead(shares) for shares in self.before))

    def _ahead(self, shares: Sequence[float]) -> float:
        half = len(shares) // 2
        if self.planned <= self.steps[-1] or not np.isfinite([shares[half], shares[-1]]).all():
            return 0.0
        pace = max(shares[-1] - shares[half], 0.0) / (self.steps[-1] - self.steps[half])
        return shares[-1] + pace * (self.planned - self.steps[-1])

    def harmed(self, *, least: float, ratio: float) -> bool:
        """Whether the change brings at least `least`, and the data as it is `ratio` of it."""
        return self.reached[1] >= least and self.expected <= ratio * self.reached[1]


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


def _shuffled(rows: int, count: int, seed: int) -> np.ndarray:
    """Return `count` row numbers, every row once before any comes again."""
    random = np.random.default_rng(seed)
    return np.concatenate([random.permutation(rows) for _ in range(-(-count // rows))])[:count]


def shares_of(
    model: Any,
    side: Side,
    marks: Sequence[int],
    batch_size: int,
    seed: int,
    enough: float = float("inf"),
) -> list[float]:
    """Return the score at each mark of one training, up to the first that is `enough`.

    The model is put back afterwards.
    """
    order = _shuffled(len(side.rows), marks[-1] * batch_size, seed)
    each = sum(leaf.nbytes for leaf in leaves(side.rows.x)) / len(side.rows)
    stride = max(1, int(STRIDE_BYTES / max(each * batch_size, 1)))
    found: list[float] = []
    done = 0
    with preserve(model), side.during(model):
        for mark in marks:
            while done < mark:
                steps = min(stride, mark - done)
                chosen = order[done * batch_size : (done + steps) * batch_size]
                advance(model, side.rows.take(chosen), steps, batch_size)
                done += steps
            share = side.score()
            found.append(share if np.isfinite(share) else -np.inf)
            if share >= enough:
                break
    return found


def _step_seconds(model: Any, rows: Batch, batch_size: int) -> float:
    """Return about how long a step takes; 0 where outputs are not so many that it matters.

    A training of millions of outputs (classes, or words at every place) would go on for
    minutes after the time was spent. The second prediction is timed: the first is compiled.
    """
    few = rows.take(slice(0, batch_size))
    if len(few) * output_bytes(model, few) < LARGE:
        return 0.0
    with preserve(model):
        predict(model, few.x)
        began = time.perf_counter()
        predict(model, few.x)
        return BACKWARD * (time.perf_counter() - began)


def contest(  # noqa: PLR0913  two sides, how long, and what decides
    model: Any,
    before: Side,
    after: Side,
    *,
    steps: int,
    planned: int,
    batch_size: int,
    seed: int,
    least: float,
    ratio: float,
    seconds: float,
    enough: float = float("inf"),
    settled: float = float("inf"),
) -> Contest | None:
    """Train the same model from where it stands with both sides, in the same order of rows.

    Where the change wins, the data as it is gets a second chance in another order: at a bad
    scale the outcome is often a matter of luck.

    Args:
        model: A compiled model; it is put back after each training.
        before: The data as it is.
        after: The data with the change.
        steps: Steps of each training.
        planned: Steps the user planned.
        batch_size: Rows a step.
        seed: Decides the order of the rows.
        least: As in `Contest.harmed`.
        ratio: As in `Contest.harmed`.
        seconds: Time after which no further training is started.
        enough: Share with which the first training leaves no question; then it ends there and
            no other is done.
        settled: Share, expected by the planned end, with which no change could show harm; then
            no other training is done either.

    Returns:
        None if the time was spent before harm could be shown or excluded.

    Raises:
        Untrainable: The training step raises.
    """
    began = time.perf_counter()
    if steps * _step_seconds(model, before.rows, batch_size) > LATE * seconds:
        return None
    marks = [max(1, round(steps * (i + 1) / MARKS)) for i in range(MARKS)]
    runs = [shares_of(model, before, marks, batch_size, seed, enough)]
    done = marks[: len(runs[0])]
    alone = Contest(steps=done, before=runs, after=[0.0], planned=planned, compared=False)
    if runs[0][-1] >= enough or alone.expected >= settled:
        return alone
    if time.perf_counter() - began > seconds:
        return None
    changed = shares_of(model, after, marks, batch_size, seed)
    found = Contest(steps=marks, before=runs, after=changed, planned=planned)
    if not found.harmed(least=least, ratio=ratio):
        return found
    if time.perf_counter() - began > 2 * seconds:
        return None
    runs.append(shares_of(model, before, marks, batch_size, seed + 1))
    return found
