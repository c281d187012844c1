"""What `Recipe.overfit` found: the rungs, what was to be met, and the model that met it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult

from keras_recipe.core.result import plain
from keras_recipe.experiments.ladder import LadderResult
from keras_recipe.experiments.meeting import Goal
from keras_recipe.reports import rungs


@dataclass(frozen=True, kw_only=True)
class Overfitted:
    """A model grown one step at a time; shown as a table, and with a picture in a notebook.

    Attributes:
        ladder: Every rung with its trainings; the first is the model as it was.
        goal: The loss that was to be met.
        left_out: Moves that could not be made, and why.
    """

    ladder: LadderResult
    goal: Goal
    left_out: Mapping[str, str]

    @property
    def model(self) -> Any:
        """The grown model, trained with the first seed; trained anew when first asked for."""
        return self.ladder.model

    @property
    def loss(self) -> float:
        """The training loss it came to, the mean of the seeds."""
        return self.ladder.rung.score

    @property
    def gained(self) -> str:
        """What growing did to the training loss, in words."""
        names = ", ".join(self.kept) or "no change"
        met = "meets" if self.met else "does not meet"
        start = self.ladder.rungs[0].score
        return f"training loss {start:.4g} -> {self.loss:.4g} by {names}; it {met} its goal"

    @property
    def met(self) -> bool:
        """Whether that meets the goal."""
        return self.loss <= self.goal.loss

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the changes that were kept, in order."""
        return tuple(move.name for move in self.ladder.best)

    @property
    def verdict(self) -> str:
        """How it ended, one sentence."""
        reached = f"the training loss {self.loss:.3g}"
        if not math.isfinite(self.goal.loss):
            return f"{reached} after {self._kept_text}; {self.goal.text}"
        if not self.met:
            return (
                f"{reached} after {self._kept_text} does not meet {self.goal.text}; "
                "KR209 shows what may stand in the way; or plan more epochs"
            )
        if not self.kept:
            return f"{reached} of the model as it is meets {self.goal.text}: nothing to add"
        return f"{self.kept[-1]!r} did it: {reached} meets {self.goal.text}"

    @property
    def _kept_text(self) -> str:
        return f"{len(self.kept)} kept changes" if len(self.kept) != 1 else "1 kept change"

    def picture(self) -> dict[str, Any]:
        """Return training loss by rung against the goal, as the reports draw pictures."""
        return rungs.picture(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data, without the model."""
        data: dict[str, Any] = plain(
            {
                "verdict": self.verdict,
                "met": self.met,
                "goal": self.goal.to_dict(),
                "rungs": [
                    {
                        "name": rung.move.name,
                        "text": rung.move.text,
                        "loss": rung.score,
                        "explained": self.goal.explained(rung.score),
                        "kept": rung.kept,
                        "reason": rung.reason,
                    }
                    for rung in self.ladder.rungs
                ],
                "left_out": dict(self.left_out),
                "ladder": self.ladder.to_dict(),
            }
        )
        return data

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Show the rungs in a terminal."""
        del console, options
        yield rungs.table(self.to_dict())

    def __str__(self) -> str:
        """Return the rungs as text."""
        return rungs.render(self.to_dict())

    def _repr_html_(self) -> str:
        return rungs.notebook(self.to_dict())
