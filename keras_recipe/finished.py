"""What `Recipe.run` found: six stages, what each gained, and the last model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult

from keras_recipe.core.check import STAGES
from keras_recipe.core.report import Report
from keras_recipe.experiments.held_out import HeldOut, HeldOutGain
from keras_recipe.experiments.trial_run import Budget, Trial
from keras_recipe.ground import Ground
from keras_recipe.loss import compiled_losses, predict
from keras_recipe.reports import html, stages, write_file


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
    def texts(self) -> dict[str, str]:
        """What each stage from the second on came to, in words, by its number."""
        found = {}
        if self.gain is not None:
            found["2"] = self.gain.first
        if "3" in self.results:
            found["3"] = self.results["3"].gained
        return found | {stage: gain.text for stage, gain in self.gains.items()}

    @property
    def facts(self) -> dict[str, str]:
        """The same as facts of a report."""
        return {
            f"stage {stage} gained" if stage > "2" else "stage 2": text
            for stage, text in self.texts.items()
        }

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
            "texts": self.texts,
            "report": self.report.to_dict(),
            "stages": {stage: found.to_dict() for stage, found in self.results.items()},
        }

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write checks and stages to one HTML page, whole or not at all.

        Args:
            path: The file, whatever its suffix; folders on the way are made.

        Raises:
            InputError: Nothing can be written there.
        """
        sections = {"What each stage gained": stages.notebook(self.to_dict())}
        for stage, found in self.results.items():
            sections[f"{stage}. {STAGES[stage]}"] = found._repr_html_()
        return write_file(html.render(self.report, sections), path)

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


def finished(ground: Ground, results: Mapping[str, Any], seconds: float) -> Finished:
    """Return what a recipe found, its models compared with the program as it was given.

    Args:
        ground: The program; `report` gets what each stage gained as facts.
        results: What each stage from the third on returned, by its number.
        seconds: Time of all stages together.
    """
    last = results["6"]
    found = Finished(
        report=ground.report,
        results=results,
        gains=_compared(ground, results),
        model=last.model,
        path=last.path,
        seconds=seconds,
    )
    ground.report.facts |= found.facts
    return found


def _compared(ground: Ground, results: Mapping[str, Any]) -> dict[str, HeldOutGain]:
    """Return what each stage's model gains on the program as it is, trained as planned."""
    subject = ground.report.subject
    test = ground.rows.test()
    rows, split = (ground.rows.held(), "validation") if test is None else (test, "test")
    given = Trial(
        build=ground.build,
        seed=ground.seed,
        train=ground.rows.train(),
        validation=rows,
        budget=Budget(steps=ground.steps(subject), batch_size=subject.settings().batch_size),
    )
    judge = HeldOut(model=ground.model, rows=rows, task=subject.task, split=split)
    # stage 3 learns the training rows by heart: it is no model to compare
    models = {stage: one.model for stage, one in results.items() if stage != "3"}
    return gains(given.trained()[1], models, judge)


def gains(given: Any, models: Mapping[str, Any], judge: HeldOut) -> dict[str, HeldOutGain]:
    """Return what models gain on the program as it was given, on the same held-out rows.

    One with another loss (a search may try several) is left out: it was trained to answer
    another question, perhaps in logits, so that the given loss of its outputs says nothing.

    Args:
        given: The program, trained as planned.
        models: By stage.
        judge: The rows.
    """
    before = judge.scores(predict(given, judge.rows.x))
    return {
        stage: judge.gain(before, predict(model, judge.rows.x))
        for stage, model in models.items()
        if _losses(model) == _losses(judge.model)
    }


def _losses(model: Any) -> list[tuple[str, bool]]:
    return [(one.name, one.from_logits) for one in compiled_losses(model)]
