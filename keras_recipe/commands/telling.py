"""The commands that tell what is known: `explain`, `list`, `doctor`, a saved `report`."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from keras_recipe.commands.ending import MISUSED, finish, known, show
from keras_recipe.commands.options import Accelerator, Backend, Devices, Format, Output
from keras_recipe.commands.starting import asked, start_backend
from keras_recipe.core.report import Report


def explain(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(help="A code or a name: KR204, loss-at-init.")],
    *,
    format: Format = None,  # noqa: A002
    backend: Backend = None,
    accelerator: Accelerator = None,
    devices: Devices = None,
) -> None:
    """Show the page of a check: what should be true, why, how to fix and tune it."""
    catalogue = _catalogue(format, asked(ctx, backend, accelerator, devices))
    found = catalogue.find(code)
    show(format, catalogue.data(found), catalogue.page(found))


def list_(
    ctx: typer.Context,
    *,
    format: Format = None,  # noqa: A002
    backend: Backend = None,
    accelerator: Accelerator = None,
    devices: Devices = None,
) -> None:
    """List the checks by stage."""
    catalogue = _catalogue(format, asked(ctx, backend, accelerator, devices))
    found = catalogue.every()
    show(format, [catalogue.data(row) for row in found], catalogue.table(found))


def _catalogue(format: str | None, wanted: tuple[Any, ...]) -> Any:  # noqa: A002
    """Return the module that knows all checks, with the backend they need started."""
    known(format, ("console", "json"))
    start_backend(wanted, quiet=True)
    return importlib.import_module("keras_recipe.catalogue")


def doctor(
    ctx: typer.Context,
    *,
    log_dir: Annotated[Path, typer.Option(help="The folder that logs go to.")] = Path("runs"),
    format: Format = None,  # noqa: A002
    backend: Backend = None,
    accelerator: Accelerator = None,
    devices: Devices = None,
) -> None:
    """Show versions, backend, devices, keras.json and log folder; 2 if unusable."""
    known(format, ("console", "json"))
    health = importlib.import_module("keras_recipe.doctor")
    rows = health.diagnose(*asked(ctx, backend, accelerator, devices), log_dir)
    show(format, health.data(rows), health.table(rows))
    raise typer.Exit(0 if health.usable(rows) else MISUSED)


def report(
    file: Annotated[Path, typer.Argument(help="A report saved with --format json.")],
    *,
    format: Format = None,  # noqa: A002
    output: Output = None,
) -> None:
    """Show a saved report again, in any format."""
    finish(Report.read(file), format, output)
