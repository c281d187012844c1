"""The command line: `keras-recipe demo | check | data | browse | label | explain | …`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from keras_recipe import __version__
from keras_recipe.commands import examining, looking, telling, training
from keras_recipe.commands.ending import INTERRUPTED, MISUSED
from keras_recipe.commands.options import Accelerator, Backend, Devices
from keras_recipe.core.errors import KerasRecipeError

# In the order of the help. A command imports what it needs when it is called.
COMMANDS: dict[str, Callable[..., None]] = {
    "check": examining.check,
    "data": examining.data,
    "demo": training.demo,
    "tune": training.tune,
    "run": training.run,
    "browse": looking.browse,
    "label": looking.label,
    "explain": telling.explain,
    "list": telling.list_,
    "doctor": telling.doctor,
    "report": telling.report,
    "board": looking.board,
}


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
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)


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


main = app  # what `keras-recipe` and `python -m keras_recipe` call
