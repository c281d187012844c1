"""A report as Markdown, for TensorBoard's Text tab."""

from __future__ import annotations

from keras_recipe.core.report import Report
from keras_recipe.reports import phrases
from keras_recipe.tensorboard import markdown


def checklist(report: Report) -> str:
    """Return the verdict, every check's row and the facts, as Markdown."""
    # two columns: TensorBoard breaks the words of a narrow one apart
    rows = [
        (f"{phrases.kind(row)} {row.code} {row.name}", phrases.printable(row.message))
        for row in report.results
    ]
    facts = [(name, phrases.fact(value)) for name, value in report.facts.items()]
    parts = [
        f"**{markdown.escaped(phrases.verdict(report))}** ({phrases.counted(report)})",
        markdown.table(("Check", "Measured"), rows),
        *([markdown.table(("Fact", "Value"), facts)] if facts else []),
    ]
    return "\n\n".join(parts)


def problems(report: Report) -> str:
    """Return what is known of each problem and how it is mended, root cause first."""
    parts = []
    for row in report.problems:
        title = f"### {row.code} {markdown.escaped(row.name)}: {row.status}"
        known = phrases.details(row).items()
        message = markdown.escaped(phrases.printable(row.message))
        parts += (
            [title, message, markdown.table(("", ""), known)] if known else [title, message]
        )
    return "\n\n".join(parts) or "No problems found"
