"""What the checks say that judge the record of a ladder or a search."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.report import Report
from keras_recipe.core.result import Result, Status
from keras_recipe.core.runner import run
from keras_recipe.core.settings import Settings
from keras_recipe.subject import Subject


def judged(report: Report, name: str, found: Any, subject: Subject | None) -> Report:
    """Return what is to be added to `report`.

    Args:
        report: What was said before.
        name: The need of the checks that read the record: `"ladder"`, `"climbed"`,
            `"search"` or `"squeezing"`.
        found: The record.
        subject: Answers their other needs, or None.
    """
    settings = Settings.from_pyproject(Path("pyproject.toml"))
    needed = {name, f"if_{name}"}
    chosen = [check for check in settings.chosen() if needed & set(check.needs)]
    said = run(chosen, _Found(dict.fromkeys(needed, found), subject), settings=settings)
    # a check that had something to say without a ladder takes back no finding for it
    before = {row.code: row for row in report.results}
    kept = {c.code for c in chosen if name not in c.needs}
    rows = [
        row
        for row in said.results
        if row.code not in kept
        or row.status is Status.WARN
        or (row.status is Status.PASS and not _is_problem(before.get(row.code)))
    ]
    return Report(rows, said.facts, said.pages)


class _Found:
    """Answers the needs of the checks that read a ladder."""

    def __init__(self, found: Mapping[str, Any], subject: Subject | None) -> None:
        self._found, self._subject = found, subject

    def need(self, name: str) -> Any:
        """Return the ladder, or what the subject has."""
        if name in self._found:
            return self._found[name]
        if self._subject is not None:
            return self._subject.need(name)
        msg = f"there is no `{name}` after a ladder"
        raise NotApplicable(msg)


def _is_problem(row: Result | None) -> bool:
    return row is not None and row.is_problem
