"""The rungs of a ladder: a table in a terminal, a table and a picture in a notebook."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from keras_recipe.core.result import number
from keras_recipe.reports import fragments, phrases

_COLUMNS = ("rung", "training loss", "of the way", "kept", "why")
_LOG_SPAN = 10.0  # times the lowest loss from which on the scale is logarithmic


def _cells(data: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the texts of each rung's row, by column."""
    rows: list[tuple[str, ...]] = []
    for index, rung in enumerate(data["rungs"]):
        loss, share = number(rung["loss"]), number(rung["explained"])
        rows.append(
            (
                phrases.printable(f"{index} {rung['name']}"),
                "failed" if loss is None or not math.isfinite(loss) else f"{loss:.4g}",
                "" if share is None or not math.isfinite(share) else f"{100 * share:.1f} %",
                "yes" if rung["kept"] else "no",
                phrases.printable(f"{rung['text']}: {rung['reason']}"),
            )
        )
    return rows


def table(data: Mapping[str, Any]) -> RenderableType:
    """Return the rungs for a rich console.

    Args:
        data: `to_dict()` of what `Recipe.overfit` returned.
    """
    made = Table(title="Training loss, rung by rung", title_justify="left", box=None)
    made.add_column(_COLUMNS[0], no_wrap=True)
    for name in _COLUMNS[1:4]:
        made.add_column(name, justify="right", no_wrap=True)
    made.add_column(_COLUMNS[4], overflow="fold", ratio=1)
    for rung, cells in zip(data["rungs"], _cells(data), strict=True):
        made.add_row(*map(Text, cells), style="green" if rung["kept"] else "dim")
    standing = "bold green" if data["met"] else "bold yellow"
    lines = [Text(phrases.printable(data["verdict"]), style=standing)]
    lines += [
        Text(phrases.printable(f"not tried: {name} ({reason})"), style="dim")
        for name, reason in data["left_out"].items()
    ]
    return Group(made, Text(), *lines)


def render(data: Mapping[str, Any], width: int = 100) -> str:
    """Return the rungs as text without colour.

    Args:
        data: As for `table`.
        width: Columns.
    """
    return fragments.as_text(table(data), width)


def picture(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return training loss by rung against the goal, as `pictures.render` draws it."""
    losses = [_plain(rung["loss"]) for rung in data["rungs"]]
    best, lowest = [], math.inf
    for rung, loss in zip(data["rungs"], losses, strict=True):
        lowest = loss if rung["kept"] and math.isfinite(loss) else lowest
        best.append(lowest)
    series: dict[str, list[float]] = {"kept so far": best, "tried": losses}
    goal = _plain(data["goal"]["loss"])
    if math.isfinite(goal):
        series["goal"] = [goal] * len(losses)
    known = [value for values in series.values() for value in values if math.isfinite(value)]
    wide = bool(known) and min(known) > 0 and max(known) > _LOG_SPAN * min(known)
    return {
        "kind": "curves",
        "title": "Training loss, rung by rung",
        "series": series,
        "xlabel": "rung",
        "ylabel": "training loss, mean of the seeds",
        **({"yscale": "log"} if wide else {}),
    }


def notebook(data: Mapping[str, Any]) -> str:
    """Return table and picture as an HTML fragment; everything in it is escaped."""
    left_out = [
        phrases.printable(f"not tried: {name} ({reason})")
        for name, reason in data["left_out"].items()
    ]
    return (
        fragments.paragraph(data["verdict"])
        + fragments.table(_COLUMNS, _cells(data))
        + fragments.bullets(left_out)
        + fragments.image(picture(data))
    )


def _plain(value: Any) -> float:
    found = number(value)
    return math.nan if found is None else found
