"""What each stage of a recipe gained: a table in a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from keras_recipe.core.check import STAGES
from keras_recipe.reports import fragments, phrases

_COLUMNS = ("stage", "on the program as it was given")


def _rows(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(f"{one} {STAGES[one]}", text) for one, text in data["texts"].items()]


def table(data: Mapping[str, Any]) -> RenderableType:
    """Return the gains for a rich console.

    Args:
        data: `Finished.to_dict()`.
    """
    made = Table(title="What each stage gained", title_justify="left", box=None)
    for name in _COLUMNS:
        made.add_column(name, overflow="fold")
    for cells in _rows(data):
        made.add_row(*map(Text, cells))
    return Group(made, Text(), Text(phrases.printable(data["verdict"]), style="bold"))


def render(data: Mapping[str, Any]) -> str:
    """Return the gains as text without colour."""
    return fragments.as_text(table(data))


def notebook(data: Mapping[str, Any]) -> str:
    """Return the gains as an HTML fragment."""
    return fragments.paragraph(data["verdict"]) + fragments.table(_COLUMNS, _rows(data))
