"""The commands that judge: `check` a program, or `data` before there is a program."""

from __future__ import annotations

import contextlib
import importlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from keras_recipe.commands.ending import finish, show, writable
from keras_recipe.commands.options import (
    Accelerator,
    Backend,
    Codes,
    Column,
    DataTarget,
    Devices,
    Format,
    Output,
    Target,
    codes,
)
from keras_recipe.commands.starting import asked, start_backend
from keras_recipe.core.settings import Settings


def check(  # noqa: PLR0913  the options of one command
    ctx: typer.Context,
    target: Target,
    *,
    format: Format = None,  # noqa: A002
    output: Output = None,
    select: Codes = None,
    ignore: Codes = None,
    budget: Annotated[float | None, typer.Option(min=0, help="Seconds; 60.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the checks; 0.")] = None,
    backend: Backend = None,
    accelerator: Accelerator = None,
    devices: Devices = None,
) -> None:
    """Check the model and data that a factory returns, before training.

    The factory takes no arguments and returns (model, x, y), or a dict or an object with
    model, x, y and further arguments of keras_recipe.check such as validation_data.
    """
    writable(format, output)
    start_backend(asked(ctx, backend, accelerator, devices))
    examine = importlib.import_module("keras_recipe.examine").check
    fit = importlib.import_module("keras").Model.fit
    load = importlib.import_module("keras_recipe.target").load
    given = {"select": codes(select), "ignore": codes(ignore), "budget": budget, "seed": seed}
    _refuse_unknown(given["select"], given["ignore"])
    with contextlib.redirect_stdout(sys.stderr):  # the user's prints must not break a JSON
        arguments = load(target, examine, fit)
        arguments |= {key: value for key, value in given.items() if value is not None}
        report = examine(**arguments)
    finish(report, format, output)


def data(  # noqa: PLR0913  the options of one command
    ctx: typer.Context,
    target: DataTarget,
    *,
    column: Column = None,
    engine: Annotated[str, typer.Option(help="local or dask.")] = "local",
    scheduler: Annotated[str | None, typer.Option(help="Address of dask's.")] = None,
    format: Format = None,  # noqa: A002
    output: Output = None,
    select: Codes = None,
    ignore: Codes = None,
    budget: Annotated[float, typer.Option(min=0, help="Seconds.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the checks.")] = 0,
    backend: Backend = None,
) -> None:
    """Examine data: class folders of files, a table, or the rows that a factory returns."""
    shown = writable(format, output)
    start_backend(asked(ctx, backend, None, None))
    given: dict[str, Any] = {"select": codes(select), "ignore": codes(ignore)}
    given |= {"budget": budget, "seed": seed}
    given |= {"engine": engine, "scheduler": scheduler}
    if ":" in target and not Path(target).exists():
        given["select"] = given["select"] or ["KR1"]
        _refuse_unknown(given["select"], given["ignore"])
        surveyed = importlib.import_module("keras_recipe.target").surveyed
        with contextlib.redirect_stdout(sys.stderr):  # as above
            report = surveyed(target, **given)
    else:
        look = importlib.import_module("keras_recipe.without_model").look
        report = look(target, column, **given)
    if shown == "console":
        show(None, None, report.page())
    finish(report, format, output)


def _refuse_unknown(select: Any, ignore: Any) -> None:
    """Refuse an unknown code before the user's program is loaded."""
    importlib.import_module("keras_recipe.checks").load()
    Settings.from_pyproject(Path("pyproject.toml"), select=select, ignore=ignore)
