"""Whether a wider twin learns, from the same budget, what a narrow net does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.skill import skill
from keras_recipe.experiments.trial import advance
from keras_recipe.surgery.preserve import preserve, random_states
from keras_recipe.task import Task

RATE = 0.01  # Adam's, for both: a small net learns at it, and the optimizer is no excuse
SEEDS = 3


@dataclass(frozen=True)
class Twins:
    """What two architectures explain of held-out rows, from the same seeds.

    Attributes:
        steps: Optimizer steps of each training.
        narrow: Share explained by the architecture as it is, by seed.
        wide: By the wider one.
        late: What the narrow one gained in the second half of its steps, at most.
    """

    steps: int
    narrow: Sequence[float]
    wide: Sequence[float]
    late: float

    @property
    def gap(self) -> float:
        """How far the worst wide training is above the best narrow one."""
        return min(self.wide) - max(self.narrow)


class _Twin:
    """One architecture, compiled once and started afresh for each seed."""

    def __init__(self, make: Callable[[], Any], loss: Any) -> None:
        self._make, self.model = make, make()
        self.model.compile(keras.optimizers.Adam(RATE), loss=loss)
        self.model.optimizer.build(self.model.trainable_variables)

    def train(
        self, rows: Batch, held: Batch, task: Task, steps: int, size: int, seed: int
    ) -> tuple[float, float]:
        """Return the share explained after half of the steps and after all of them."""
        with random_states(seed), preserve(self.model):
            self.model.set_weights(self._make().get_weights())
            shares = []
            for _ in range(2):
                advance(self.model, rows, steps // 2, size)
                shares.append(skill(self.model, task, held))
        return shares[0], shares[1]


def outgrown(
    makers: tuple[Callable[[], Any], Callable[[], Any]],
    loss: Any,
    splits: tuple[Batch, Batch],
    task: Task,
    *,
    steps: int,
    batch_size: int,
    seconds: float,
    enough: float,
) -> Twins:
    """Train both architectures from fresh weights, paired by seed, with the same optimizer.

    Args:
        makers: Make the architecture as it is, and the wider one.
        loss: What the model was compiled with.
        splits: Rows to train on, and to judge by.
        task: What is learned.
        steps: Optimizer steps of each.
        batch_size: Rows a step.
        seconds: Time after which it is given up.
        enough: Share explained by a narrow training that ends the experiment.

    Raises:
        NotApplicable: There was no time, or the loss has no floor.
    """
    began = time.perf_counter()
    found: dict[str, list[float]] = {"narrow": [], "wide": []}
    late = 0.0
    rows, held = splits
    mixed = rows.take(np.random.default_rng(0).permutation(len(rows)))
    with random_states():
        twins = {name: _Twin(make, loss) for name, make in zip(found, makers, strict=True)}
        for seed in range(SEEDS):
            for name, twin in twins.items():
                if time.perf_counter() - began > seconds:
                    msg = f"comparing with a wider twin takes more than {seconds:g} s"
                    raise NotApplicable(msg)
                half, full = twin.train(mixed, held, task, steps, batch_size, seed)
                found[name].append(max(half, full))
                late = max(late, full - half) if name == "narrow" else late
            if max(found["narrow"]) >= enough:
                break
    return Twins(steps, found["narrow"], found["wide"], late)
