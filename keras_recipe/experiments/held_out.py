"""What one model gains on another, on the same held-out rows, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from scipy import stats

from keras_recipe.core.result import plain
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.experiments.noise import CONFIDENCE
from keras_recipe.loss import data_loss
from keras_recipe.surgery.preserve import preserve
from keras_recipe.task import Task

BLOCKS = 200  # their means give the spread of the mean to within 5 %: 1 / sqrt(2 * 199)
RESAMPLES = 9999  # SciPy's default
LEAST = 8  # blocks; of fewer the bootstrap's interval is far too narrow


@dataclass(frozen=True, kw_only=True)
class Scores:
    """How a model does on each block of the rows.

    Attributes:
        losses: Its own loss, penalties left out, `(blocks,)`.
        right: Share of rows classified right, `(blocks,)`; empty where that is not a question.
        sizes: Rows of each block.
    """

    losses: np.ndarray
    right: np.ndarray
    sizes: np.ndarray

    @property
    def loss(self) -> float:
        """The loss on all rows."""
        return float(np.average(self.losses, weights=self.sizes))

    @property
    def accuracy(self) -> float:
        """Share of all rows classified right; NaN where that is not a question."""
        return (
            float(np.average(self.right, weights=self.sizes)) if len(self.right) else math.nan
        )


@dataclass(frozen=True, kw_only=True)
class HeldOutGain:
    """What the second of two models gains on the first.

    Attributes:
        before: Loss of the first.
        after: Loss of the second.
        interval: Where `before - after` lies with 95 % confidence, the rows being a sample of
            all such rows; NaN where there are too few.
        accuracy: Share of rows right by the first and the second; empty where no question.
        accuracy_interval: Where the second minus the first lies.
        rows: Held-out rows.
        split: `"validation"` or `"test"`.
    """

    before: float
    after: float
    interval: tuple[float, float]
    accuracy: tuple[float, ...] = ()
    accuracy_interval: tuple[float, ...] = ()
    rows: int
    split: str = "validation"

    @property
    def gain(self) -> float:
        """Loss that is gone; negative: there is more."""
        return self.before - self.after

    @property
    def helps(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.interval[0] > 0

    @property
    def harms(self) -> bool:
        """Whether the whole interval is below 0."""
        return self.interval[1] < 0

    @property
    def first(self) -> str:
        """How the first model does, in words."""
        right = f", {100 * self.accuracy[0]:.2f} % right" if self.accuracy else ""
        return f"{self.split} loss {self.before:.4g}{right} on {self.rows} rows"

    @property
    def text(self) -> str:
        """The gain in words."""
        low, high = self.interval
        sure = f"{low:.3g} to {high:.3g}" if math.isfinite(low) else "too few rows to be sure"
        said = (
            f"{self.split} loss {self.before:.4g} -> {self.after:.4g} "
            f"(gain {self.gain:.3g}, {sure})"
        )
        if self.accuracy and math.isfinite(self.accuracy_interval[0]):
            first, second = (100 * one for one in self.accuracy)
            low, high = (100 * one for one in self.accuracy_interval)
            said += (
                f", {first:.2f} -> {second:.2f} % right "
                f"({second - first:+.2f}, {low:+.2f} to {high:+.2f})"
            )
        return f"{said} on {self.rows} rows"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        found: dict[str, Any] = plain(
            {
                "before": self.before,
                "after": self.after,
                "gain": self.gain,
                "interval": list(self.interval),
                "accuracy": list(self.accuracy),
                "accuracy_interval": list(self.accuracy_interval),
                "rows": self.rows,
                "split": self.split,
            }
        )
        return found


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Held-out rows and how they are judged.

    Attributes:
        model: A compiled model whose loss judges the outputs; it is put back.
        rows: The rows.
        task: What is learned.
        split: `"validation"` or `"test"`.
    """

    model: Any
    rows: Batch
    task: Task
    split: str = "validation"

    def loss(self, outputs: Any) -> float:
        """Return the loss of outputs for all rows."""
        return data_loss(self.model, self.rows, outputs)

    def scores(self, outputs: Any) -> Scores:
        """Return how outputs for all rows do, block by block.

        Args:
            outputs: Arrays `(rows, ...)` in the structure the model returns.
        """
        places = np.array_split(np.arange(len(self.rows)), min(BLOCKS, len(self.rows)))
        right = right_of(outputs, self.rows.y, self.task)
        said = Batch(outputs)
        with preserve(self.model):
            losses = [
                data_loss(self.model, self.rows.take(part), said.take(part).x)
                for part in places
            ]
        return Scores(
            losses=np.asarray(losses, "float64"),
            right=np.asarray([right[part].mean() for part in places] if len(right) else []),
            sizes=np.asarray([len(part) for part in places], "float64"),
        )

    def gain(self, before: Any, after: Any) -> HeldOutGain:
        """Return what the second outputs gain on the first.

        Args:
            before: Outputs for all rows, or their `Scores`.
            after: Likewise.
        """
        one, two = (
            given if isinstance(given, Scores) else self.scores(given)
            for given in (before, after)
        )
        accuracy = (one.accuracy, two.accuracy) if len(one.right) else ()
        return HeldOutGain(
            before=one.loss,
            after=two.loss,
            interval=interval(one.losses - two.losses, one.sizes),
            accuracy=accuracy,
            accuracy_interval=interval(two.right - one.right, one.sizes) if accuracy else (),
            rows=len(self.rows),
            split=self.split,
        )


def interval(
    differences: np.ndarray, sizes: Sequence[float] | np.ndarray
) -> tuple[float, float]:
    """Return where the mean difference lies, by SciPy's bootstrap (percentiles).

    Blocks are drawn with replacement; they hold equally many rows, up to one.

    Args:
        differences: Of each block.
        sizes: Rows of each block.
    """
    weighted = differences * np.asarray(sizes) / np.mean(sizes)
    if len(weighted) < LEAST or not np.isfinite(weighted).all():
        return math.nan, math.nan
    if np.ptp(weighted) == 0:
        return float(weighted[0]), float(weighted[0])
    found = stats.bootstrap(
        (weighted,),
        np.mean,
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        batch=1000,
        method="percentile",
        random_state=np.random.default_rng(0),
    ).confidence_interval
    return float(found.low), float(found.high)


def right_of(outputs: Any, y: Any, task: Task) -> np.ndarray:
    """Return whether each row is classified right; empty where that is not the question.

    Args:
        outputs: Of the only head, `(rows, units)`.
        y: Its targets: class numbers, one-hot rows or 0/1.
        task: What is learned.
    """
    nothing = np.zeros(0)
    arrays, targets = keras.tree.flatten(outputs), leaves(y)
    if len(task.heads) != 1 or len(arrays) != 1 or len(targets) != 1:
        return nothing
    head, said, wanted = task.heads[0], np.asarray(arrays[0]), np.asarray(targets[0])
    if head.kind not in ("multiclass", "binary") or head.structure != "sample":
        return nothing
    said = said.reshape(len(said), -1)
    wanted = wanted.reshape(len(wanted), -1)
    wanted = wanted.argmax(-1) if wanted.shape[1] > 1 else np.rint(wanted[:, 0])
    if said.shape[1] > 1:
        return np.asarray(said.argmax(-1) == wanted, "float64")
    if not head.loss.from_logits and head.activation != "sigmoid":
        return nothing  # a hinge: where it says yes is not known
    least = 0.0 if head.loss.from_logits else 0.5
    return np.asarray((said[:, 0] > least) == (wanted > 0.5), "float64")
