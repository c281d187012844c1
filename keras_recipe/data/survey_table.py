"""A survey as it is printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

MOST_ROWS = 40  # features shown; the rest is in the JSON
MOST_LABELS = 20
SHOWN = ("mean", "std", "min", "5 %", "50 %", "95 %", "max")
_RANKS = {"5 %": "0.05", "50 %": "0.5", "95 %": "0.95"}


def _said(value: Any) -> str:
    return "" if value is None else f"{value:.4g}"


def _features(rows: list[Mapping[str, Any]]) -> Table:
    made = Table(box=None, pad_edge=False)
    made.add_column("name", overflow="fold")
    for heading in ("count", "not finite", *SHOWN):
        made.add_column(heading, justify="right", no_wrap=True)
    for row in rows[:MOST_ROWS]:
        known = row.get("quantiles", {})
        numbers = [
            known.get(_RANKS[name]) if name in _RANKS else row.get(name) for name in SHOWN
        ]
        gaps = str(row.get("non_finite", ""))
        made.add_row(Text(row["name"]), f"{row['count']:,}", gaps, *map(_said, numbers))
    if len(rows) > MOST_ROWS:
        made.caption = f"and {len(rows) - MOST_ROWS:,} more; to_dict() has all"
    return made


def _labels(name: str, counts: Mapping[str, int] | None) -> str:
    if counts is None:
        return f"{name}: more than 4096 labels, or numbers"
    shown = sorted(counts.items(), key=lambda pair: -pair[1])[:MOST_LABELS]
    text = ", ".join(f"{label}: {count:,}" for label, count in shown)
    rest = f", and {len(counts) - MOST_LABELS:,} more" if len(counts) > MOST_LABELS else ""
    return f"{name}: {len(counts):,} labels ({text}{rest})"


def _quantiles(rows: list[Mapping[str, Any]]) -> str:
    if any(row.get("quantiles") for row in rows):
        return "quantiles to about 0.2 % of rank"
    return 'quantiles need crick: pip install "keras-recipe[data]"'


def table(survey: Mapping[str, Any]) -> RenderableType:
    """Return what `Survey.to_dict` says, to be printed by rich."""
    copies, sample = survey["duplicates"], survey["sample"]
    basis = "all rows" if copies["exact"] else f"{copies['compared']:,} rows with small hashes"
    lines = [
        *(_labels(*pair) for pair in survey["labels"].items()),
        f"duplicates: {copies['rows']:,} rows repeat the inputs of an earlier one "
        f"({copies['share']:.2%} of {basis})",
        f"sample: {sample['rows']:,} rows, seed {sample['seed']}; all else is of all rows, "
        f"{_quantiles(survey['features'])}",
    ]
    if survey["broken"]:
        lines.append(f"reading ended after {survey['rows']:,} rows: {survey['broken']}")
    title = f"{survey['kind']}: {survey['rows']:,} rows"
    told = (Text(line) for line in lines)  # brackets in a name are no markup
    return Group(Text(title), _features(survey["features"]), *told)
