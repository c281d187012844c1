"""What `Recipe.run` found: six stages, what each gained, and the last model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult

from keras_recipe.core.report import Report
from keras_recipe.experiments.held_out import HeldOut, HeldOutGain
from keras_recipe.loss import predict
from keras_recipe.reports import stages


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A recipe that was followed to its end.

    Attributes:
        report: All checks of all stages.
        results: What each stage from the third on returned, by its number.
        gains: What the model of a stage gains on the program as it was given, trained as
            planned, on the same held-out rows (test rows where there are some), by stage.
        model: The last stage's.
        path: The `.keras` file with it; None where nothing is written.
        seconds: Time of all stages together.
    """

    report: Report
    results: Mapping[str, Any]
    gains: Mapping[str, HeldOutGain]
    model: Any
    path: Path | None
    seconds: float

    @property
    def gain(self) -> HeldOutGain | None:
        """What the last model gains on the program as it was given."""
        return next(reversed(list(self.gains.values())), None)

    @property
    def verdict(self) -> str:
        """What it came to, one sentence."""
        gain = self.gain
        if gain is None:
            return "no stage made a model that could be compared"
        worth = "beyond" if gain.helps else "within"
        return f"six stages: {gain.text}, {worth} the noise of the rows"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data, without the models."""
        return {
            "verdict": self.verdict,
            "seconds": round(self.seconds, 1),
            "path": None if self.path is None else str(self.path),
            "gains": {stage: gain.to_dict() for stage, gain in self.gains.items()},
            "texts": {stage: gain.text for stage, gain in self.gains.items()},
            "report": self.report.to_dict(),
            "stages": {stage: found.to_dict() for stage, found in self.results.items()},
        }

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Show each stage in a terminal."""
        for found in self.results.values():
            yield found
            yield ""
        del console, options
        yield stages.table(self.to_dict())

    def __str__(self) -> str:
        """Return the gains as text."""
        return stages.render(self.to_dict())

    def _repr_html_(self) -> str:
        parts = [found._repr_html_() for found in self.results.values()]
        return stages.notebook(self.to_dict()) + "".join(parts)


def gains(given: Any, models: Mapping[str, Any], judge: HeldOut) -> dict[str, HeldOutGain]:
    """Return what models gain on the program as it was given, on the same held-out rows.

    Args:
        given: The program, trained as planned.
        models: By stage.
        judge: The rows.
    """
    before = judge.scores(predict(given, judge.rows.x))
    return {
        stage: judge.gain(before, predict(model, judge.rows.x))
        for stage, model in models.items()
    }
