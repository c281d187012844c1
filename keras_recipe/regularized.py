"""What `Recipe.regularize` found: what each move gained, which were kept, and the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult

from keras_recipe.core.result import plain
from keras_recipe.experiments.curve_words import curve_picture, curve_text
from keras_recipe.experiments.ladder import LadderResult
from keras_recipe.experiments.noise import Gain, paired_gain
from keras_recipe.experiments.regularizing import Climbed, Step
from keras_recipe.reports import moves


@dataclass(frozen=True, kw_only=True)
class Regularized:
    """Moves tried one by one on one program; a table, and with pictures in a notebook.

    Attributes:
        climbed: Every rung with its trainings, what was left out, and the learning curve.
    """

    climbed: Climbed

    @property
    def ladder(self) -> LadderResult:
        """Every rung; the first is the program as it was."""
        return self.climbed.ladder

    @property
    def model(self) -> Any:
        """The best, trained with the first seed; trained anew when first asked for."""
        return self.ladder.model

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the moves that were kept, in order."""
        return tuple(move.name for move in self.ladder.best)

    @property
    def gain(self) -> Gain | None:
        """What all kept moves gained together; None where none was kept or compared."""
        first, last = self.ladder.rungs[0].scores, self.ladder.rung.scores
        both = [seed for seed in last if seed in first]
        if not self.kept or len(both) < 2:
            return None
        return paired_gain([first[s] for s in both], [last[s] for s in both])

    @property
    def verdict(self) -> str:
        """How it ended, one sentence."""
        tried, score = len(self.climbed.steps), self.ladder.rung.score
        if not tried:
            return "no move could be tried"
        if not self.kept:
            return f"none of {tried} moves helps beyond noise: the program stays as it is"
        names = ", ".join(map(repr, self.kept))
        text = f"of {tried} moves, {names} helped beyond noise: validation loss {score:.4g}"
        gain = self.gain
        if gain is None:
            return text
        whole = moves.gain_text(_gain_data(gain))
        return f"{text}, {whole} less than {self.ladder.rungs[0].score:.4g} as it was"

    def pictures(self) -> list[dict[str, Any]]:
        """Return the learning curve and the losses move by move, as the reports draw them."""
        scores = [rung.score for rung in self.ladder.rungs if rung.kept]
        found = []
        if self.climbed.curve is not None and self.climbed.curve.sizes:
            found.append(curve_picture(self.climbed.curve))
        if len(scores) > 1:
            found.append(
                {
                    "kind": "curves",
                    "title": "Loss after each move that was kept",
                    "series": {"validation": scores, "training": self._train_losses()},
                    "xlabel": "moves",
                    "ylabel": "loss, mean of the seeds",
                }
            )
        return found

    def _train_losses(self) -> list[float]:
        found = []
        for rung in self.ladder.rungs:
            scores = [r.train_score for r in rung.records if r.train_score is not None]
            if rung.kept:
                found.append(sum(scores) / len(scores) if scores else float("nan"))
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data, without the model."""
        curve = self.climbed.curve
        data: dict[str, Any] = plain(
            {
                "verdict": self.verdict,
                "kept": list(self.kept),
                "more_data": "" if curve is None else curve_text(curve),
                "start": self.ladder.rungs[0].score,
                "moves": [_step_data(step) for step in self.climbed.steps],
                "left_out": dict(self.climbed.plan.left_out),
                "curve": None if curve is None else curve.to_dict(),
                "ladder": self.ladder.to_dict(),
            }
        )
        return data

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Show the moves in a terminal."""
        del console, options
        yield moves.table(self.to_dict())

    def __str__(self) -> str:
        """Return the moves as text."""
        return moves.render(self.to_dict())

    def _repr_html_(self) -> str:
        return moves.notebook(self.to_dict(), [*self.pictures()])


def _gain_data(gain: Gain | None) -> dict[str, Any] | None:
    if gain is None:
        return None
    return {"mean": gain.mean, "low": gain.low, "high": gain.high, "unit": gain.unit}


def _step_data(step: Step) -> dict[str, Any]:
    rung = step.rung
    low, high = rung.interval
    validation = {"mean": rung.gain, "low": low, "high": high, "unit": rung.unit}
    return {
        "name": rung.move.name,
        "family": step.family,
        "text": rung.move.text,
        "loss": rung.score,
        "validation": validation,
        "training": _gain_data(step.train),
        "kept": rung.kept,
        "reason": rung.reason,
    }
