"""The moves of a regularisation: a table in a terminal, a table and pictures in a notebook."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from keras_recipe.core.result import number
from keras_recipe.reports import fragments, phrases

_COLUMNS = ("move", "val. loss", "gain in validation", "in training", "kept", "what")
MOST = 10.0  # of harm, as a share of the loss, that is written as a number


def gain_text(gain: Mapping[str, Any] | None) -> str:
    """Return a gain with its interval: `"12 % (5 to 18)"`; `""` where there is none.

    Args:
        gain: `mean`, `low`, `high` and `unit`, as `regularized.Regularized.to_dict` gives them.
    """
    if gain is None:
        return ""
    ends = [number(gain[name]) for name in ("mean", "low", "high")]
    if any(end is None or not math.isfinite(end) for end in ends):
        return ""
    if not gain["unit"].startswith("share"):
        mean, low, high = (f"{end:.3g}" for end in ends)
        return f"{mean} ({low} to {high})"
    mean, low, high = (_percent(end or 0.0) for end in ends)
    return f"{mean} % ({low} to {high})"


def _percent(share: float) -> str:
    return f"{100 * share:.3g}" if share > -MOST else f"<{-100 * MOST:.0f}"


def _cells(data: Mapping[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for one in data["moves"]:
        loss = number(one["loss"])
        rows.append(
            (
                phrases.printable(one["name"]),
                "failed" if loss is None or not math.isfinite(loss) else f"{loss:.4g}",
                gain_text(one["validation"]),
                gain_text(one["training"]),
                "yes" if one["kept"] else f"no: {_verdict(one)}",
                phrases.printable(one["text"]),
            )
        )
    return rows


def _verdict(one: Mapping[str, Any]) -> str:
    """Return in a word why a move was not kept."""
    high = number(one["validation"]["high"])
    if high is None or not math.isfinite(high):
        return "failed" if "failed" in one["reason"] else "far worse"
    return "harms" if high < 0 else "noise"


def _left_out(data: Mapping[str, Any]) -> list[str]:
    return [
        phrases.printable(f"not tried: {name} ({reason})")
        for name, reason in data["left_out"].items()
    ]


def table(data: Mapping[str, Any]) -> RenderableType:
    """Return the moves for a rich console.

    Args:
        data: `to_dict()` of what `Recipe.regularize` returned.
    """
    made = Table(title="Regularisation, move by move", title_justify="left", box=None)
    made.add_column(_COLUMNS[0], overflow="fold")
    for name in _COLUMNS[1:5]:
        made.add_column(name, justify="right" if name != "kept" else "left", no_wrap=True)
    made.add_column(_COLUMNS[5], overflow="fold", ratio=1)
    for one, cells in zip(data["moves"], _cells(data), strict=True):
        made.add_row(*map(Text, cells), style="green" if one["kept"] else "dim")
    lines = [Text(phrases.printable(data["verdict"]), style="bold")]
    lines += [Text(phrases.printable(data["more_data"]))] if data["more_data"] else []
    lines += [Text(line, style="dim") for line in _left_out(data)]
    return Group(made, Text(), *lines)


def render(data: Mapping[str, Any], width: int = 120) -> str:
    """Return the moves as text without colour.

    Args:
        data: As for `table`.
        width: Columns.
    """
    return fragments.as_text(table(data), width)


def notebook(data: Mapping[str, Any], drawn: list[Mapping[str, Any]]) -> str:
    """Return table and pictures as an HTML fragment; everything in it is escaped.

    Args:
        data: As for `table`.
        drawn: Pictures, as `pictures.render` draws them.
    """
    lines = [line for line in (data["verdict"], data["more_data"]) if line]
    return (
        "".join(fragments.paragraph(line) for line in lines)
        + fragments.table(_COLUMNS, _cells(data))
        + fragments.bullets(_left_out(data))
        + "".join(fragments.image(one) for one in drawn)
    )
