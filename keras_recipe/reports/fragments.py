"""Pieces of HTML and text that every table of results is made of; everything is escaped."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, RenderableType

from keras_recipe.reports import phrases, pictures


def paragraph(text: str) -> str:
    """Return a paragraph in bold."""
    return f"<p><b>{html.escape(phrases.printable(text))}</b></p>"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """Return a table."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def bullets(lines: Iterable[str]) -> str:
    """Return a list."""
    return "<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in lines) + "</ul>"


def image(picture: Mapping[str, Any]) -> str:
    """Return a picture, drawn, with its title for those who cannot see it."""
    alt = html.escape(phrases.printable(str(picture.get("title", ""))), quote=True)
    drawn = base64.b64encode(pictures.render(picture)).decode()
    return f'<img alt="{alt}" width="518" src="data:image/png;base64,{drawn}">'


def as_text(page: RenderableType, width: int = 120) -> str:
    """Return what a terminal would show, without colour.

    Args:
        page: What rich can print.
        width: Columns.
    """
    buffer = io.StringIO()
    console = Console(
        file=buffer, width=width, force_terminal=False, no_color=True, force_jupyter=False,
        highlight=False,
    )  # fmt: skip
    console.print(page)
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())
