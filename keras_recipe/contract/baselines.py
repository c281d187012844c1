"""The first loss of a head beside the losses of predictions that know nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np

from keras_recipe.contract.fingerprint import recognised
from keras_recipe.contract.references import CLASSIFIED, as_output
from keras_recipe.contract.scored import ScoredHead, scored_heads
from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.surgery.constants import Constant, best_constant
from keras_recipe.task import EXCLUSIVE, Task

ROWS = 1024
CHUNKS = 16
TINY = 1e-7  # keeps a logarithm finite; Keras's own epsilon


@dataclass(frozen=True)
class Baseline:
    """One head: what it costs now, and what knowing nothing would cost.

    Losses are the model's total loss with the other heads as they are.

    Attributes:
        scored: The head on the sample.
        best: Its best constant prediction.
    """

    scored: ScoredHead
    best: Constant

    def _row(self, row: np.ndarray) -> np.ndarray:
        return np.broadcast_to(row, self.scored.p.shape)

    @cached_property
    def actual(self) -> float:
        """Loss as the model is."""
        return self.scored.loss(self.scored.p)

    @cached_property
    def constant(self) -> float:
        """Loss of the best constant."""
        return self.scored.loss(self._row(self.best.prediction))

    @cached_property
    def zero(self) -> float:
        """Loss with 0 before the activation: uniform for a softmax, one half for a sigmoid."""
        transform = self.scored.head.output.transform
        values = np.zeros((1, *self.best.prediction.shape), dtype="float32")
        if transform is None:
            return self.constant
        return self.scored.loss(
            self._row(np.asarray(keras.ops.convert_to_numpy(transform(values)))[0])
        )

    @cached_property
    def perfect(self) -> float:
        """Loss of the labels themselves, where they are a possible answer; else 0."""
        head, target = self.scored.head, as_output(self.scored)
        if target is None:
            return 0.0
        if head.kind in CLASSIFIED and head.activation == "linear" and head.loss.builtin:
            target = np.where(target > 0.5, 20.0, -20.0) if head.loss.from_logits else target
        cost = self.scored.loss(target)
        return cost if np.isfinite(cost) else 0.0

    @property
    def ceiling(self) -> float:
        """What knowing nothing costs at most: the worse of best constant and zero."""
        return max(self.constant, self.zero if np.isfinite(self.zero) else self.constant)

    @property
    def ratio(self) -> float:
        """First loss over `ceiling`, both above the lowest loss; NaN if that says nothing."""
        learnable = self.ceiling - self.perfect
        return (self.actual - self.perfect) / learnable if learnable > 0 else float("nan")

    @cached_property
    def z_score(self) -> float:
        """Standard errors of the sample that the first loss is above the best constant's."""
        rows = len(self.scored.p)
        chunks = min(CHUNKS, rows // 4)
        if chunks < 4:
            return 0.0
        size, constant = rows // chunks, self._row(self.best.prediction)
        differences = []
        for i in range(chunks):
            part = slice(i * size, (i + 1) * size)
            few = self.scored.take(part)
            differences.append(few.loss(few.p) - few.loss(constant[part]))
        spread = float(np.std(differences, ddof=1)) / chunks**0.5
        return float(np.mean(differences)) / max(spread, 1e-12)

    @cached_property
    def mean_prediction(self) -> np.ndarray:
        """The mean over rows of what the head says, as one row it could say itself."""
        head, p = self.scored.head, self.scored.p
        if not (head.loss.from_logits and head.kind in CLASSIFIED):
            return p.mean(0)
        if head.loss.name in EXCLUSIVE:
            squashed = np.exp(p - p.max(-1, keepdims=True))
            mean = (squashed / squashed.sum(-1, keepdims=True)).mean(0)
            return np.log(np.maximum(mean, TINY))
        mean = (1 / (1 + np.exp(-np.clip(p, -50, 50)))).mean(0)
        return np.log(np.maximum(mean, TINY)) - np.log(np.maximum(1 - mean, TINY))

    @cached_property
    def offset(self) -> float:
        """What the mean prediction costs above the best constant, over the learnable loss.

        For cross-entropy: the Kullback-Leibler divergence of the priors over their entropy.
        For squared error: the square of the mean's distance in standard deviations.
        """
        learnable = self.constant - self.perfect
        gap = self.scored.loss(self._row(self.mean_prediction)) - self.constant
        return gap / learnable if learnable > 0 else float("nan")


def baselines(model: Any, task: Task, sample: Batch, outputs: Any) -> Sequence[Baseline]:
    """Return the baselines of every head whose best constant can be found.

    Raises:
        NotApplicable: No head has one; the reason is given.
    """
    heads = [
        one for one in scored_heads(model, task, sample, outputs, rows=ROWS) if _known(one)
    ]
    if not heads:
        msg = "what a constant prediction would cost is not known for this loss"
        raise NotApplicable(msg)
    try:
        best = best_constant(
            model,
            sample.y,
            sample_weight=sample.sample_weight,
            heads=[head.output for head in task.heads],
        )
    except InputError as error:
        raise NotApplicable(str(error)) from error
    by_index = {one.index: one for one in best.outputs}
    found = [
        Baseline(recognised(scored), by_index[scored.head.index])
        for scored in heads
        if scored.head.index in by_index
    ]
    if not found:
        msg = "no output has a constant prediction to compare with"
        raise NotApplicable(msg)
    return found


def _known(scored: ScoredHead) -> bool:
    """Whether labels and outputs correspond, so that a constant means something."""
    return scored.head.kind != "unknown" or scored.y.size == scored.p.size


def unit_of(baseline: Baseline) -> str:
    """Return what the total loss is counted in."""
    several = len(keras.tree.flatten(baseline.scored.outputs)) > 1
    known = "crossentropy" in baseline.scored.head.loss.name and not several
    return "nats" if known else "loss"


def amount(value: float, baseline: Baseline) -> str:
    """Return a loss as one would say it: `2.303 nats`, `5930`."""
    return f"{value:.4g} nats" if unit_of(baseline) == "nats" else f"{value:.4g}"
