"""A report in a log: texts and pictures, each finding's pictures once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras_recipe.callbacks.checklist import checklist, problems
from keras_recipe.core.errors import InputError
from keras_recipe.core.report import Report
from keras_recipe.tensorboard import Writer, markdown


class ReportLog:
    """Writes reports to `recipe/checklist`, `recipe/problems` and `recipe/<code>/<number>`.

    Args:
        writer: Where to.
    """

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._shown: Report | None = None

    def write(self, report: Report | None, step: int) -> None:
        """Write `report` unless it is empty or stands there already."""
        if report is None or not report.results or report == self._shown:
            return
        self.writer.text("recipe/checklist", checklist(report), step)
        self.writer.text("recipe/problems", problems(report), step)
        known = self._shown.results if self._shown is not None else []
        for result in report.results:
            for number, picture in enumerate(() if result in known else result.pictures):
                self._draw(f"recipe/{result.code}/{number}", picture, step)
        self._shown = report

    def _draw(self, tag: str, picture: Mapping[str, Any], step: int) -> None:
        from keras_recipe.reports import pictures

        try:
            self.writer.image(tag, pictures.render(picture), step)
        except InputError as error:  # a drawing that fails is not worth the log
            self.writer.text(tag, markdown.escaped(error), step)
