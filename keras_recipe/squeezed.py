"""What `Recipe.squeeze` found: the ensemble, the student, what more time bought."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult

from keras_recipe.ensemble.squeeze import Juice
from keras_recipe.experiments.squeezing import Squeezing
from keras_recipe.reports import bought


@dataclass(frozen=True, kw_only=True)
class Squeezed:
    """The last stage on one program; shown as tables, and with a picture in a notebook.

    Attributes:
        juice: Models and numbers.
        path: The `.keras` file of the ensemble; None where none was written.
    """

    juice: Juice
    path: Path | None = None

    @property
    def model(self) -> Any:
        """The ensemble; the best single model where averaging is no better on validation."""
        return self.juice.model

    @property
    def single(self) -> Any:
        """The best single model on validation."""
        return self.juice.single

    @property
    def student(self) -> Any:
        """A single model that was taught by the ensemble; None where there is none."""
        return self.juice.student

    @property
    def record(self) -> Squeezing:
        """All numbers, as the checks of stage 6 read them."""
        return self.juice.record

    @property
    def verdict(self) -> str:
        """What it came to, one sentence a part."""
        ensemble = self.record.ensemble
        if ensemble.size == 1:
            parts = ["no average of models is better than the best one alone"]
        else:
            crossed = ensemble.crossed
            beyond = "" if crossed.helps else ", within the noise of the rows"
            parts = [
                f"{ensemble.size} models together: {crossed.text} on rows they were not "
                f"chosen by{beyond}"
            ]
        if self.record.distilled is not None:
            taught = self.record.distilled.on_single
            worth = "beyond noise" if taught.helps or taught.harms else "within the noise"
            low, high = taught.interval
            parts.append(
                f"a student of them gains {taught.gain:.3g} ({low:.3g} to {high:.3g}) on the "
                f"same training without a teacher, {worth}"
            )
        if self.record.longer is not None:
            longer = self.record.longer
            parts.append(
                f"{longer.seconds:.3g} s more of training bought {longer.gain.gain:.3g}"
                if longer.best_at
                else f"{longer.seconds:.3g} s more of training bought nothing"
            )
        return "; ".join(parts)

    def picture(self) -> dict[str, Any] | None:
        """Return the validation loss while it was left training; None where it was not."""
        return bought.picture(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data, without the models."""
        path = None if self.path is None else str(self.path)
        return {"verdict": self.verdict, "path": path, **self.record.to_dict()}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Show all in a terminal."""
        del console, options
        yield bought.table(self.to_dict())

    def __str__(self) -> str:
        """Return all as text."""
        return bought.render(self.to_dict())

    def _repr_html_(self) -> str:
        return bought.notebook(self.to_dict())
