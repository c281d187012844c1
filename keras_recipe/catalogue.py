"""The checks' own pages and their table, for `keras-recipe explain` and `list`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from keras_recipe import checks
from keras_recipe.core.check import SECTIONS, STAGES, Check
from keras_recipe.core.settings import unknown


def find(word: str) -> Check:
    """Return the check with this code (`KR204`, `kr204`) or name (`loss-at-init`).

    Raises:
        ConfigError: There is none; the nearest spelling is named.
    """
    known = checks.load()
    by_name = {check.name: check for check in known.values()}
    code = word.strip().upper()
    found = known.get(code) or by_name.get(word.strip().lower().replace("_", "-"))
    if found is None:
        raise (
            unknown(code, known, "check")
            if code[:2] == "KR"
            else unknown(word, by_name, "check")
        )
    return found


def every() -> list[Check]:
    """Return all checks in order of their codes."""
    return [check for _, check in sorted(checks.load().items())]


def data(check: Check) -> dict[str, Any]:
    """Return a check's page as plain JSON data."""
    return {
        "code": check.code,
        "name": check.name,
        "stage": STAGES[check.code[2]],
        "cost": str(check.cost),
        "requires": list(check.requires),
        "needs": list(check.needs),
        "thresholds": dict(check.thresholds),
        "page": dict(check.page),
    }


def page(check: Check) -> RenderableType:
    """Return a check's page for a terminal; thresholds are read from the signature."""
    parts: list[RenderableType] = [
        Text.assemble((check.code, "bold cyan"), " ", (check.name, "bold")),
        Text(check.page["summary"]),
    ]
    for title in SECTIONS:
        body = Text(_flowing(check.page[title], check.thresholds))
        parts += [Text(), Text(title, style="bold"), Padding(body, (0, 2))]
        if title == "Tune" and check.thresholds:
            values = "\n".join(
                f"{name} = {value!r}" for name, value in check.thresholds.items()
            )
            parts.append(Padding(Text(values, style="cyan"), (0, 2)))
    cost = Text(f"Cost: {check.cost}. Stage {check.code[2]}: {STAGES[check.code[2]]}.")
    return Group(*parts, Text(), cost)


def _flowing(text: str, names: Iterable[str]) -> str:
    """Undo the docstring's line breaks, except before a blank line, a list or a threshold."""
    starts = ("- ", *(f"{name}:" for name in names))
    lines: list[str] = []
    for line in text.splitlines():
        if lines and line and lines[-1] and not line.startswith(starts):
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return "\n".join(lines)


def table(chosen: list[Check]) -> RenderableType:
    """Return the checks by stage for a terminal."""
    parts: list[RenderableType] = []
    for number, stage in STAGES.items():
        rows = [check for check in chosen if check.code[2] == number]
        if not rows:
            continue
        grid = Table(box=None, pad_edge=False, show_header=False)
        for style in ("cyan", "bold", "dim", ""):
            grid.add_column(style=style, no_wrap=style == "cyan")
        for check in rows:
            texts = (check.code, check.name, str(check.cost), check.page["summary"])
            grid.add_row(*map(Text, texts))
        parts += [Text(f"{number}. {stage}", style="bold underline"), grid, Text()]
    return Group(*parts, Text(f"{len(chosen)} checks"))
