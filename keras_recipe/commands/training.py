"""The commands that train: the recipe's `demo`, its six stages (`run`), a search (`tune`)."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from keras_recipe.commands.ending import FAILED, finish, writable
from keras_recipe.commands.options import (
    Accelerator,
    Backend,
    Devices,
    Force,
    Format,
    LogDir,
    Output,
    Seconds,
    Target,
)
from keras_recipe.commands.starting import asked, start_backend
from keras_recipe.core.errors import RecipeFailed


def demo(  # noqa: PLR0913  the options of one command
    ctx: typer.Context,
    *,
    dataset: Annotated[str, typer.Option(help="digits or fashion_mnist.")] = "digits",
    budget: Annotated[
        float | None, typer.Option(min=1, help="Seconds for all trainings; as the data needs.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Checklist and one training.")] = False,
    broken: Annotated[
        bool, typer.Option("--broken", help="The same from a broken twin.")
    ] = False,
    fix: Annotated[bool, typer.Option(help="Apply the fixes offered (quick, broken).")] = True,
    log_dir: Annotated[Path, typer.Option(help="Log and report go here.")] = Path("runs/demo"),
    backend: Backend = None,
    accelerator: Accelerator = None,
    devices: Devices = None,
) -> None:
    """Follow the recipe on real pictures: six stages, TensorBoard log, HTML report."""
    start_backend(asked(ctx, backend, accelerator, devices))
    play = importlib.import_module("keras_recipe.demo").run
    how = {"broken": broken, "fix": fix, "quick": quick, "budget": budget}
    made = play(**how, log_dir=log_dir, dataset=dataset, say=typer.echo)
    raise typer.Exit(0 if made.ok else FAILED)


@contextlib.contextmanager
def _stopped_by_a_fail() -> Iterator[None]:
    """Say why a stage did not start; the report that follows has the FAIL and its exit code."""
    try:
        yield
    except RecipeFailed as error:
        typer.echo(f"keras-recipe: {error}", err=True)


def tune(  # noqa: PLR0913  the options of one command
    ctx: typer.Context,
    target: Target,
    *,
    method: Annotated[
        str, typer.Option(help="random, bayesian, hyperband, grid or optuna.")
    ] = "bayesian",
    trials: Annotated[int, typer.Option(min=1, help="At most.")] = 20,
    objective: Annotated[str, typer.Option(help="A log of fit.")] = "val_loss",
    budget: Seconds = 3600.0,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes that train here.")
    ] = None,
    chief: Annotated[
        str | None, typer.Option(help="HOST:PORT: join there; with --workers: lead there.")
    ] = None,
    log_dir: LogDir = None,
    force: Force = False,
    backend: Backend = None,
) -> None:
    """Search hyperparameters with KerasTuner, after the checks of the stages before.

    The factory returns (model, x, y) or a dict with model, x, y and validation_data; in the
    place of a model there may be a function build(hp). With --workers the trials are trained
    by processes of their own; the same command with --chief on another machine that sees the
    --log-dir joins them. Only in a network you trust: whoever reaches the chief can take part.
    """
    start_backend(asked(ctx, backend, None, None))
    recipe = importlib.import_module("keras_recipe.target").recipe_of(target, log_dir)
    if chief is not None and workers is None:
        recipe.join(chief)
        return
    where = {"workers": workers, "chief": chief}
    with _stopped_by_a_fail():
        found = recipe.tune(method, trials, budget, objective=objective, force=force, **where)
        Console(highlight=False).print(found)
    finish(recipe.report, None, None)


def run(
    ctx: typer.Context,
    target: Target,
    *,
    budget: Seconds = 3600.0,
    log_dir: LogDir = None,
    force: Force = False,
    format: Format = None,  # noqa: A002
    output: Output = None,
    backend: Backend = None,
) -> None:
    """Follow the recipe through its six stages; started again it goes on where it was."""
    writable(format, output)
    start_backend(asked(ctx, backend, None, None))
    recipe = importlib.import_module("keras_recipe.target").recipe_of(target, log_dir)
    with _stopped_by_a_fail():
        found = recipe.run(budget, force=force)
        if format in (None, "console") or output:
            Console(highlight=False).print(found)
    finish(recipe.report, format, output)
