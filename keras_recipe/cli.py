"""The command line: `keras-recipe demo | check | data | browse | label | explain | …`."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from typer.core import TyperGroup

from keras_recipe import __version__, config
from keras_recipe.core.errors import InputError, KerasRecipeError, RecipeFailed
from keras_recipe.core.folders import refuse_unwritable
from keras_recipe.core.report import Report
from keras_recipe.core.settings import Settings, unknown

FAILED, MISUSED, INTERRUPTED = 1, 2, 130

Backend = Annotated[str | None, typer.Option(help="tensorflow, jax or torch.")]
Accelerator = Annotated[str | None, typer.Option(help="auto, cpu, gpu or tpu.")]
Devices = Annotated[int | None, typer.Option(help="Number of devices (JAX).")]
Format = Annotated[str | None, typer.Option(help="console, json, junit, html or github.")]
Output = Annotated[Path | None, typer.Option(help="Also write the report to this file.")]
Target = Annotated[str, typer.Argument(help="module:factory or file.py:factory.")]
Codes = Annotated[list[str] | None, typer.Option(help="Codes: KR2 for a stage, KR204,KR205.")]


class _Group(TyperGroup):
    """The one place where errors made on purpose become a sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("keras-recipe: interrupted", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except KerasRecipeError as error:
            if os.environ.get("KERAS_RECIPE_DEBUG") == "1":
                raise
            typer.echo(f"keras-recipe: {error}", err=True)
            raise typer.Exit(MISUSED) from None


app = typer.Typer(
    cls=_Group, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False
)


def _version(asked: bool) -> None:  # noqa: FBT001  typer calls it so
    if asked:
        typer.echo(f"keras-recipe {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
]


@app.callback()
def _options(
    ctx: typer.Context,
    *,
    version: Version = False,
    backend: Backend = None,
    accelerator: Accelerator = None,
    devices: Devices = None,
) -> None:
    """Karpathy's recipe for training neural networks, for Keras 3.

    Exit codes: 0 no FAIL, 1 some FAIL, 2 misuse, 130 interrupted.
    """
    del version  # told and gone by now
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's greetings
    ctx.obj = (backend, accelerator, devices)


def _asked(ctx: typer.Context, *given: Any) -> tuple[Any, ...]:
    """Return backend, accelerator, devices: given after the command, else before it."""
    return tuple(
        before if after is None else after for before, after in zip(ctx.obj, given, strict=True)
    )


def _start(asked: tuple[Any, ...], *, quiet: bool = False) -> None:
    choice = config.choose(*asked)
    if not quiet:
        typer.echo(choice.reason, err=True)
    importlib.import_module("keras_recipe.startup").start(choice)
    if choice.devices > 1:
        importlib.import_module("keras_recipe.devices").distribute(choice.devices)


def _known(format: str | None, known: tuple[str, ...]) -> str:  # noqa: A002
    if format is not None and format not in known:
        raise unknown(format, known, "format")
    return format or known[0]


def _show(format: str | None, data: Any, page: RenderableType) -> None:  # noqa: A002
    if format == "json":
        typer.echo(json.dumps(data, indent=1))
    else:
        Console(highlight=False).print(page)


def _codes(words: list[str] | None) -> list[str] | None:
    return [code for word in words for code in word.split(",") if code] if words else None


def _writable(format: str | None, output: Path | None) -> str:  # noqa: A002
    """Return the format; refuse an unknown one, or a place, now and not after the work."""
    reports = importlib.import_module("keras_recipe.reports")
    shown = _known(format, reports.FORMATS)
    if output:
        refuse_unwritable(output.parent, "--output")
        _ = format or reports.format_of(output)
    return "console" if output else shown


def _finish(report: Report, format: str | None, output: Path | None) -> None:  # noqa: A002
    """Print and write `report` and leave with its exit code."""
    reports = importlib.import_module("keras_recipe.reports")
    shown = _known(format, reports.FORMATS)
    typer.echo(reports.render(report, "console" if output else shown).rstrip())
    if output:
        typer.echo(f"Wrote {reports.write(report, output, format)}", err=True)
    if any(r.status == "skip" and r.message.endswith("interrupted") for r in report.results):
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(0 if report.ok else FAILED)


@app.command()
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
    _writable(format, output)
    _start(_asked(ctx, backend, accelerator, devices))
    examine = importlib.import_module("keras_recipe.examine").check
    fit = importlib.import_module("keras").Model.fit
    load = importlib.import_module("keras_recipe.target").load
    given = {"select": _codes(select), "ignore": _codes(ignore), "budget": budget, "seed": seed}
    importlib.import_module("keras_recipe.checks").load()
    Settings.from_pyproject(
        Path("pyproject.toml"), select=given["select"], ignore=given["ignore"]
    )  # likewise
    with contextlib.redirect_stdout(sys.stderr):  # the user's prints must not break a JSON
        arguments = load(target, examine, fit)
        arguments |= {key: value for key, value in given.items() if value is not None}
        report = examine(**arguments)
    _finish(report, format, output)


@app.command()
def data(  # noqa: PLR0913  the options of one command
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(help="folder/, file.csv or module:factory.")],
    *,
    column: Annotated[str | None, typer.Option("--target", help="Column to predict.")] = None,
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
    """Examine data before there is a model: class folders of files, or a table."""
    if ":" in target and not Path(target).exists():
        given: dict[str, Any] = {"select": select or ["KR1"], "ignore": ignore, "seed": seed}
        given |= {"format": format, "output": output, "budget": budget, "backend": backend}
        check(ctx, target, **given)
    shown = _writable(format, output)
    _start(_asked(ctx, backend, None, None))
    look = importlib.import_module("keras_recipe.without_model").look
    codes = {"select": _codes(select), "ignore": _codes(ignore), "budget": budget, "seed": seed}
    report = look(target, column, engine=engine, scheduler=scheduler, **codes)
    if shown == "console":
        _show(None, None, report.page())
    _finish(report, format, output)


@app.command()
def demo(
    ctx: typer.Context,
    *,
    broken: Annotated[bool, typer.Option("--broken", help="Start from a broken twin.")] = False,
    fix: Annotated[bool, typer.Option(help="Apply the fixes the report offers.")] = True,
    log_dir: Annotated[Path, typer.Option(help="Log and report go here.")] = Path("runs/demo"),
    dataset: Annotated[str, typer.Option(help="digits or fashion-mnist.")] = "digits",
    backend: Backend = None,
    accelerator: Accelerator = None,
    devices: Devices = None,
) -> None:
    """Run the recipe on real digits: checklist, training, TensorBoard log, HTML report."""
    _start(_asked(ctx, backend, accelerator, devices))
    run = importlib.import_module("keras_recipe.demo").run
    made = run(broken=broken, fix=fix, log_dir=log_dir, dataset=dataset, say=typer.echo)
    raise typer.Exit(0 if made.ok else FAILED)


@contextlib.contextmanager
def _stopped_by_a_fail() -> Iterator[None]:
    """Say why a stage did not start; the report that follows has the FAIL and its exit code."""
    try:
        yield
    except RecipeFailed as error:
        typer.echo(f"keras-recipe: {error}", err=True)


LogDir = Annotated[Path | None, typer.Option(help="Journals, models and TensorBoard's runs.")]
Seconds = Annotated[float, typer.Option(min=1, help="Seconds for all trainings.")]
Force = Annotated[bool, typer.Option("--force", help="Go on although a check FAILs.")]


@app.command()
def tune(  # noqa: PLR0913  the options of one command
    ctx: typer.Context,
    target: Target,
    *,
    method: Annotated[
        str, typer.Option(help="random, bayesian, hyperband or grid.")
    ] = "bayesian",
    trials: Annotated[int, typer.Option(min=1, help="At most.")] = 20,
    objective: Annotated[str, typer.Option(help="A log of fit.")] = "val_loss",
    budget: Seconds = 3600.0,
    log_dir: LogDir = None,
    force: Force = False,
    backend: Backend = None,
) -> None:
    """Search hyperparameters with KerasTuner, after the checks of the stages before.

    The factory returns (model, x, y) or a dict with model, x, y and validation_data; in the
    place of a model there may be a function build(hp).
    """
    _start(_asked(ctx, backend, None, None))
    recipe = importlib.import_module("keras_recipe.target").recipe_of(target, log_dir)
    with _stopped_by_a_fail():
        found = recipe.tune(method, trials, budget, objective=objective, force=force)
        Console(highlight=False).print(found)
    _finish(recipe.report, None, None)


@app.command(name="run")
def run_stages(
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
    _writable(format, output)
    _start(_asked(ctx, backend, None, None))
    recipe = importlib.import_module("keras_recipe.target").recipe_of(target, log_dir)
    with _stopped_by_a_fail():
        found = recipe.run(budget, force=force)
        if format in (None, "console") or output:
            Console(highlight=False).print(found)
    _finish(recipe.report, format, output)


@app.command()
def browse(  # noqa: PLR0913  the options of one command
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(help="folder/, file.csv or module:factory.")],
    *,
    view: Annotated[str, typer.Option(help="rows, distributions or predictions.")] = "rows",
    column: Annotated[str | None, typer.Option("--target", help="Column to predict.")] = None,
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
    _start(_asked(ctx, backend, None, None))
    steps: dict[str, Any] = {"filters": filter or (), "search": search, "sort": sort}
    steps |= {"per_class": per_class, "head": head}
    with contextlib.redirect_stdout(sys.stderr):  # the user's prints
        browser = command.chosen(command.opened(target, column, seed), **steps)
    command.shown(browser, view, output, log_dir, typer.echo)


@app.command()
def label(  # noqa: PLR0913  the options of one command
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(help="module:factory or file.py:factory.")],
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
    _start(_asked(ctx, backend, accelerator, devices))
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


@app.command()
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
    _known(format, ("console", "json"))
    _start(_asked(ctx, backend, accelerator, devices), quiet=True)
    catalogue = importlib.import_module("keras_recipe.catalogue")
    found = catalogue.find(code)
    _show(format, catalogue.data(found), catalogue.page(found))


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    format: Format = None,  # noqa: A002
    backend: Backend = None,
    accelerator: Accelerator = None,
    devices: Devices = None,
) -> None:
    """List the checks by stage."""
    _known(format, ("console", "json"))
    _start(_asked(ctx, backend, accelerator, devices), quiet=True)
    catalogue = importlib.import_module("keras_recipe.catalogue")
    found = catalogue.every()
    _show(format, [catalogue.data(row) for row in found], catalogue.table(found))


@app.command("doctor")
def doctor_(
    ctx: typer.Context,
    *,
    log_dir: Annotated[Path, typer.Option(help="The folder that logs go to.")] = Path("runs"),
    format: Format = None,  # noqa: A002
    backend: Backend = None,
    accelerator: Accelerator = None,
    devices: Devices = None,
) -> None:
    """Show versions, backend, devices, keras.json and log folder; 2 if unusable."""
    _known(format, ("console", "json"))
    doctor = importlib.import_module("keras_recipe.doctor")
    rows = doctor.diagnose(*_asked(ctx, backend, accelerator, devices), log_dir)
    _show(format, doctor.data(rows), doctor.table(rows))
    raise typer.Exit(0 if doctor.usable(rows) else MISUSED)


@app.command()
def report(
    file: Annotated[Path, typer.Argument(help="A report saved with --format json.")],
    *,
    format: Format = None,  # noqa: A002
    output: Output = None,
) -> None:
    """Show a saved report again, in any format."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The report {str(file)!r} cannot be read: {error}."
        raise InputError(msg) from error
    _finish(Report.from_json(text), format, output)


@app.command()
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


main = app  # what `keras-recipe` and `python -m keras_recipe` call
