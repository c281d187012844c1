"""What squeezing has bought: candidates of the ensemble and gains, as tables and a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from keras_recipe.core.result import number
from keras_recipe.reports import fragments, phrases

_CANDIDATES = ("model", "validation loss", "weight", "note")
_GAINS = ("what", "loss before", "after", "gain", "95 % interval", "right", "rows")


def candidates(data: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the texts of each candidate's row, by column.

    Args:
        data: `Squeezing.to_dict()`.
    """
    return [
        (
            phrases.printable(one["name"]),
            _figure(one["loss"]),
            f"{one['weight']:.2f}" if one["weight"] else "",
            phrases.printable(one["note"]),
        )
        for one in data["ensemble"]["candidates"]
    ]


def gains(data: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the texts of each gain's row, by column."""
    ensemble, taught, longer = data["ensemble"], data["distilled"], data["longer"]
    found = [
        ("ensemble, on the best single", ensemble["crossed"]),
        ("ensemble, on the mean of all", ensemble["crossed_mean"]),
    ]
    if taught:
        found += [
            ("student, on the same without teacher", taught["on_single"]),
            ("student, on the ensemble", taught["on_ensemble"]),
        ]
    if longer:
        text = f"{number(longer['seconds']) or 0.0:.3g} s more, {longer['steps']} steps"
        found.append((text, longer["gain"]))
    found += [
        (f"{name}, on the best single (test)", gain) for name, gain in data["test"].items()
    ]
    if taught and taught.get("on_test"):
        found.append(("student, on the same without teacher (test)", taught["on_test"]))
    return [(name, *_cells(gain)) for name, gain in found]


def _cells(gain: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = gain["interval"]
    right = ""
    if gain["accuracy"]:
        right = " -> ".join(f"{100 * (number(one) or 0.0):.1f}" for one in gain["accuracy"])
        right = f"{right} %"
    interval = f"{_figure(low)} to {_figure(high)}"
    known = math.isfinite(number(low) or 0.0)
    return (
        _figure(gain["before"]),
        _figure(gain["after"]),
        _figure(gain["gain"]),
        interval if known else "too few rows",
        right,
        str(gain["rows"]),
    )


def _figure(value: Any) -> str:
    found = number(value)
    return "failed" if found is None or math.isnan(found) else f"{found:.4g}"


def _tables(
    data: Mapping[str, Any],
) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    return [
        ("Models", _CANDIDATES, candidates(data)),
        ("What it bought, on rows held out", _GAINS, gains(data)),
    ]


def table(data: Mapping[str, Any]) -> RenderableType:
    """Return all for a rich console.

    Args:
        data: `to_dict()` of what `Recipe.squeeze` returned.
    """
    parts: list[RenderableType] = []
    for title, columns, rows in _tables(data):
        made = Table(title=title, title_justify="left", box=None)
        for place, name in enumerate(columns):
            made.add_column(name, overflow="fold", justify="right" if place > 0 else "left")
        for row in rows:
            made.add_row(*map(Text, row))
        parts += [made, Text()]
    parts.append(Text(phrases.printable(data["verdict"]), style="bold"))
    parts += [Text(line, style="dim") for line in _left_out(data)]
    return Group(*parts)


def _left_out(data: Mapping[str, Any]) -> Sequence[str]:
    return [
        phrases.printable(f"not done: {name} ({reason})")
        for name, reason in data["left_out"].items()
    ]


def render(data: Mapping[str, Any], width: int = 120) -> str:
    """Return all as text without colour.

    Args:
        data: As for `table`.
        width: Columns.
    """
    return fragments.as_text(table(data), width)


def picture(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the validation loss while it was left training; None where it was not."""
    if not data["longer"]:
        return None
    losses = [number(one) for one in data["longer"]["curve"]]
    return {
        "kind": "curves",
        "title": "Left training",
        "series": {"validation loss": [math.nan if one is None else one for one in losses]},
        "xlabel": "looks",
        "ylabel": "validation loss",
    }


def notebook(data: Mapping[str, Any]) -> str:
    """Return tables and picture as an HTML fragment; everything in it is escaped."""
    shown = picture(data)
    return (
        fragments.paragraph(data["verdict"])
        + "".join(
            fragments.table(columns, rows, title) for title, columns, rows in _tables(data)
        )
        + fragments.bullets(_left_out(data))
        + ("" if shown is None else fragments.image(shown))
    )
