"""The report as JSON, for other programs and for `Report.from_json`."""

from __future__ import annotations

from keras_recipe.core.report import Report


def render(report: Report) -> str:
    """Return `report.to_dict()` as JSON text with a `schema_version`, ending in a newline."""
    return report.to_json(indent=1) + "\n"
