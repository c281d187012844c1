"""The report as GitHub workflow commands, which become annotations of the run."""

from __future__ import annotations

from keras_recipe.core.report import Report
from keras_recipe.core.result import Result
from keras_recipe.reports import phrases

_LEVELS = {"fail": "error", "error": "warning", "warn": "warning", "waived": "notice"}


def render(report: Report) -> str:
    """Return one workflow command a finding, problems in ranked order, and one for the verdict.

    A FAIL is an error; a WARN and a check that crashed are warnings; an accepted finding and
    the verdict are notices. Passed and skipped checks have none.

    Source:
        GitHub Docs, "Workflow commands": `%`, CR and LF are escaped, in properties `:` and `,`
        too.
    """
    others = [r for r in report.results if phrases.kind(r) in ("error", "waived")]
    lines = [_command(result) for result in [*report.problems, *others]]
    summary = f"{phrases.verdict(report)} ({phrases.counted(report) or 'no checks'})"
    return "\n".join([*lines, f"::notice title=keras-recipe::{_data(summary)}"]) + "\n"


def _command(result: Result) -> str:
    kind = phrases.kind(result)
    accepted = " (accepted)" if kind == "waived" else ""
    title = _property(f"{result.code} {result.name}{accepted}")
    return f"::{_LEVELS[kind]} title={title}::{_data(phrases.paragraph(result))}"


def _data(text: str) -> str:
    escaped = phrases.printable(text).replace("%", "%25")
    return escaped.replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
