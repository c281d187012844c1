"""How a command chooses and starts its backend."""

from __future__ import annotations

import importlib
from typing import Any

import typer

from keras_recipe import config


def asked(ctx: typer.Context, *given: Any) -> tuple[Any, ...]:
    """Return backend, accelerator, devices: given after the command, else before it."""
    return tuple(
        before if after is None else after for before, after in zip(ctx.obj, given, strict=True)
    )


def start_backend(asked: tuple[Any, ...], *, quiet: bool = False) -> None:
    """Start what was `asked` for, and say what that is and why unless `quiet`."""
    choice = config.choose(*asked)
    if not quiet:
        typer.echo(choice.reason, err=True)
    importlib.import_module("keras_recipe.startup").start(choice)
    if choice.devices > 1:
        importlib.import_module("keras_recipe.devices").distribute(choice.devices)
