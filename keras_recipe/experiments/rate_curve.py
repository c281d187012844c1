"""What a learning-rate range test found: the curve, the rates it speaks for, its picture."""

from __future__ import annotations

import base64
import html
import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from keras_recipe.core.result import plain

WINDOW = 0.05  # share of the steps that is averaged: Gugger's 0.98 over an epoch of MNIST
SKIPPED = 0.1  # share at the beginning where no lowest loss is looked for: Lightning's 10 steps
SURE = 5.0  # deviations of the smoothed loss; noise alone falls as far once in 1000 tests
ROUNDING = 1e-6  # of a loss in float32, relative


def kept(steps: int) -> float:
    """Return the share of the average of the losses that each step keeps."""
    return 1 - 1 / max(WINDOW * steps, 1.0)


@dataclass(frozen=True, kw_only=True)
class LearningRateCurve:
    """The loss at rates that grow from step to step.

    A rate is None where the loss falls at no rate by more than chance: the weights are trained
    already, or nothing can be learned.

    Attributes:
        rates: Of each step, as far as the test went.
        losses: Of each step, before its update; the last may be NaN or infinite.
        smoothed: Their exponential average over 5 % of the planned steps, without its bias
            toward the beginning.
        in_use: The optimizer's rate; the peak of its schedule, if it has one.
        steps: Steps planned.
    """

    rates: Sequence[float]
    losses: Sequence[float]
    smoothed: Sequence[float]
    in_use: float
    steps: int

    @property
    def diverged(self) -> bool:
        """Whether the test ended early: at 4 times the lowest loss, or at one that is none."""
        return len(self.rates) < self.steps or not math.isfinite(self.losses[-1])

    @cached_property
    def _lowest(self) -> int | None:
        """Where the smoothed loss is lowest; None if noise alone may have got it there."""
        first = int(SKIPPED * self.steps)
        if len(self.smoothed) < first + 3:
            return None
        at = first + int(np.argmin(self.smoothed[first:]))
        noise = float(np.std(np.diff(self.losses[: at + 1]))) / math.sqrt(2)
        keep = kept(self.steps)
        chance = noise * math.sqrt((1 - keep) / (1 + keep))  # of an exponential average
        start = float(np.mean(self.losses[: min(at, self.steps // 5) or 1]))
        least = max(SURE * chance, ROUNDING * abs(start))
        return at if start - self.smoothed[at] > least else None

    @property
    def steepest(self) -> float | None:
        """The rate at which the smoothed loss falls fastest, by decade."""
        if self._lowest is None:
            return None
        width = max(1, round(WINDOW * self.steps))
        fell = np.array(self.smoothed)[width:] - np.array(self.smoothed)[:-width]
        return float(self.rates[int(np.argmin(fell[: self._lowest])) + width // 2])

    @property
    def largest(self) -> float | None:
        """The largest rate that is safe: a tenth of the one with the lowest smoothed loss."""
        return None if self._lowest is None else float(self.rates[self._lowest] / 10)

    @property
    def suggestion(self) -> float | None:
        """The rate to start with: `largest`.

        Calibrated on 28 programs (seven nets, four optimizers), 200 steps at each of 12 rates:
        it went 85 % of the best rate's way down the logarithm of the loss on average, and more
        than half of it in 27; `steepest`, often near the edge or lost in noise, in 14.
        """
        return self.largest

    def picture(self) -> dict[str, Any]:
        """Return the curve as plain data, as the findings of a report hold their pictures."""
        at, top = int(np.argmin(self.smoothed or [0])), max(self.smoothed, default=math.inf)
        late = [i for i, loss in enumerate(self.losses) if i > at and not loss <= top]
        marks = {f"in use: {self.in_use:.3g}": self.in_use} if self.in_use > 0 else {}
        found = self.suggestion
        if found is not None and not math.isclose(found, self.in_use, rel_tol=0.15):
            marks[f"suggested: {found:.3g}"] = found
        return {
            "kind": "curves",
            "title": "Learning rate range test",
            "x": list(self.rates),
            "series": {
                "smoothed": list(self.smoothed),
                "each step": list(self.losses[: late[0]] if late else self.losses),  # in view
            },
            "marks": marks,
            "xlabel": "learning rate, growing from step to step",
            "ylabel": "loss",
            "xscale": "log",
        }

    def plot(self, path: Any = None, *, dark: bool = False) -> bytes:
        """Return the curve as a PNG image, with the rate in use marked.

        Args:
            path: A file to write it to as well.
            dark: Draw on dark paper.
        """
        # looked up when asked for: who draws is a layer above
        drawn: bytes = importlib.import_module("keras_recipe.reports.pictures").render(
            self.picture(), dark=dark
        )
        if path is not None:
            Path(path).write_bytes(drawn)
        return drawn

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data; NaN and infinities are strings."""
        names = ("rates", "losses", "smoothed", "in_use", "steps")
        found = ("diverged", "steepest", "largest", "suggestion")
        return {name: plain(getattr(self, name)) for name in (*names, *found)}

    def __str__(self) -> str:
        """Return what the curve says, in one sentence."""
        at = self._lowest
        if at is None:
            return (
                "the loss falls at no rate by more than chance: the weights are trained "
                f"already, or there is nothing to learn; in use is {self.in_use:.3g}"
            )
        return (
            f"the loss falls fastest at {self.steepest:.3g} and is lowest at "
            f"{self.rates[at]:.3g}; {self.suggestion:.3g} is suggested, "
            f"{self.in_use:.3g} in use"
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        image, text = base64.b64encode(self.plot()).decode(), html.escape(str(self))
        return (
            f'<figure><img width="518" alt="{text}" src="data:image/png;base64,{image}">'
            f"<figcaption>{text}</figcaption></figure>"
        )
