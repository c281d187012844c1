"""What a command shows or writes at its end, and the exit code it leaves with."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import typer
from rich.console import Console, RenderableType

from keras_recipe.core.folders import refuse_unwritable
from keras_recipe.core.report import Report
from keras_recipe.core.settings import unknown

FAILED, MISUSED, INTERRUPTED = 1, 2, 130


def known(format: str | None, formats: tuple[str, ...]) -> str:  # noqa: A002
    """Return the format, the first of `formats` by default; refuse one that is none of them."""
    if format is not None and format not in formats:
        raise unknown(format, formats, "format")
    return format or formats[0]


def show(format: str | None, data: Any, page: RenderableType) -> None:  # noqa: A002
    """Print `data` as JSON where that is the format, `page` elsewhere."""
    if format == "json":
        typer.echo(json.dumps(data, indent=1))
    else:
        Console(highlight=False).print(page)


def writable(format: str | None, output: Path | None) -> str:  # noqa: A002
    """Return the format; refuse an unknown one, or a place, now and not after the work."""
    reports = importlib.import_module("keras_recipe.reports")
    shown = known(format, reports.FORMATS)
    if output:
        refuse_unwritable(output.parent, "--output")
        _ = format or reports.format_of(output)
    return "console" if output else shown


def finish(report: Report, format: str | None, output: Path | None) -> None:  # noqa: A002
    """Print and write `report` and leave with its exit code."""
    reports = importlib.import_module("keras_recipe.reports")
    shown = known(format, reports.FORMATS)
    typer.echo(reports.render(report, "console" if output else shown).rstrip())
    if output:
        typer.echo(f"Wrote {reports.write(report, output, format)}", err=True)
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(0 if report.ok else FAILED)
