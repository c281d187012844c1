"""The commands for the eye: `browse` data, `label` a sample by hand, open the `board`."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from keras_recipe.commands.options import (
    Accelerator,
    Backend,
    Column,
    DataTarget,
    Devices,
    Target,
)
from keras_recipe.commands.starting import asked, start_backend
from keras_recipe.core.errors import InputError
from keras_recipe.core.report import Report


def browse(  # noqa: PLR0913  the options of one command
    ctx: typer.Context,
    target: DataTarget,
    *,
    view: Annotated[str, typer.Option(help="rows, distributions or predictions.")] = "rows",
    column: Column = None,
    report: Annotated[
        Path | None,
        typer.Option(help="A report of the same data (JSON): KR104, doubt as scores."),
    ] = None,
    filter: Annotated[  # noqa: A002
        list[str] | None, typer.Option(help='label=3, correct=no, "loss > 2".')
    ] = None,
    search: Annotated[str | None, typer.Option(help="Rows whose text holds this.")] = None,
    sort: Annotated[str | None, typer.Option(help="A score: loss, -mean.")] = None,
    per_class: Annotated[int | None, typer.Option(min=1, help="Rows a class.")] = None,
    head: Annotated[int | None, typer.Option(min=1, help="Rows in all.")] = None,
    output: Annotated[Path | None, typer.Option(help="A page (.html) or a .png.")] = None,
    log_dir: Annotated[Path | None, typer.Option(help="Log folder of TensorBoard.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sample.")] = 0,
    backend: Backend = None,
) -> None:
    """Look at data: rows by any score, how features are spread, predictions beside the data."""
    command = importlib.import_module("keras_recipe.looking.terminal")
    command.refuse(view, output, log_dir)
    known = None if report is None else Report.read(report)
    start_backend(asked(ctx, backend, None, None))
    steps: dict[str, Any] = {"filters": filter or (), "search": search, "sort": sort}
    steps |= {"per_class": per_class, "head": head}
    with contextlib.redirect_stdout(sys.stderr):  # the user's prints
        browser = command.chosen(command.opened(target, column, seed, known), **steps)
    command.shown(browser, view, output, log_dir, typer.echo)


def label(  # noqa: PLR0913  the options of one command
    ctx: typer.Context,
    target: Target,
    *,
    samples: Annotated[int, typer.Option(min=2, help="Examples, each asked twice.")] = 50,
    names: Annotated[str, typer.Option(help="Names of the classes: cat,dog.")] = "",
    output: Annotated[Path | None, typer.Option(help="File; runs/human/….json.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sample.")] = 0,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 0,
    backend: Backend = None,
    accelerator: Accelerator = None,
    devices: Devices = None,
) -> None:
    """Label a random sample twice on a page of this computer: the human baseline (KR206)."""
    start_backend(asked(ctx, backend, accelerator, devices))
    examine = importlib.import_module("keras_recipe.examine").check
    fit = importlib.import_module("keras").Model.fit
    load = importlib.import_module("keras_recipe.target").load
    start = importlib.import_module("keras_recipe.label.start")
    arguments = load(target, examine, fit)
    classes = [name.strip() for name in names.split(",") if name.strip()]
    session = start.session_for(
        arguments, samples=samples, names=classes, output=output, seed=seed
    )
    start.run(session, typer.echo, port)


def board(
    log_dir: Annotated[Path, typer.Argument(help="A folder of logs: runs/demo.")],
    *,
    port: Annotated[int, typer.Option(min=0, max=65535)] = 6006,
) -> None:
    """Open TensorBoard on a log folder, on this computer only."""
    if not log_dir.is_dir():
        msg = f"There is no log folder {str(log_dir)!r}; `keras-recipe demo` writes runs/demo."
        raise InputError(msg)
    options = ["--logdir", str(log_dir), "--host", "127.0.0.1", "--port", str(port)]
    os.execv(sys.executable, [sys.executable, "-m", "tensorboard.main", *options])
