"""The report in a terminal."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from keras_recipe.core.report import Report
from keras_recipe.core.result import Result
from keras_recipe.reports import phrases

STYLES = {
    "fail": "bold red",
    "error": "bold magenta",
    "warn": "bold yellow",
    "waived": "cyan",
    "pass": "green",
    "skip": "dim",
}
#: Columns; in a terminal narrower than this, names share a column with the findings.
_NARROW = 100
#: Characters; a line of the message longer than this is hard to read.
_WIDEST = 120


def render(
    report: Report,
    width: int | None = None,
    color: bool | None = None,  # noqa: FBT001  the contract of all renderers
    verbose: bool = False,  # noqa: FBT001, FBT002
) -> str:
    """Return `report` as text: the checklist, the problems in ranked order, the facts.

    Args:
        report: What to show.
        width: Columns; that of the terminal when None, 80 if there is none.
        color: Use terminal colours; when None, only if standard output is a terminal.
        verbose: Add the seconds of each check, and to each problem why it matters.
    """
    if color is None:
        color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=color,
        no_color=not color,
        color_system="standard" if color else None,
        force_jupyter=False,
        legacy_windows=False,
        highlight=False,
    )
    console.print(_page(report, console.width, verbose=verbose))
    text: str = console.file.getvalue()  # type: ignore[attr-defined]  # the StringIO above
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines()) if not color else text


def show(report: Report, *, verbose: bool = False) -> None:
    """Print `report` on standard output, in colour where that is a terminal."""
    console = Console(highlight=False)
    console.print(_page(report, console.width, verbose=verbose))


def _page(report: Report, width: int, *, verbose: bool) -> RenderableType:
    parts = [*_checklist(report, width, verbose=verbose)]
    if causes := report.causes:
        parts.append(Text("Problems, root cause first", style="bold"))
        for result, symptoms in causes:
            why = report.pages.get(result.code, {}).get("Why", "") if verbose else ""
            parts += [Text(), _problem(result, why)]
            parts += [_symptom(symptom) for symptom in symptoms]
        parts.append(Text())
    parts += _footer(report)
    return Group(*parts)


def _status(result: Result) -> Text:
    kind = phrases.kind(result)
    return Text(kind.upper(), style=STYLES[kind])


def _checklist(report: Report, width: int, *, verbose: bool) -> Iterator[RenderableType]:
    """Yield a heading and a table for each stage, all tables with the same columns."""
    narrow = width < _NARROW
    longest = max((len(result.name) for result in report.results), default=0)
    for title, results in phrases.stages(report):
        table = Table.grid(padding=(0, 2, 0, 0), expand=verbose)
        table.add_column(no_wrap=True, min_width=6)
        table.add_column(no_wrap=True)
        if not narrow:
            table.add_column(min_width=min(longest, 28), max_width=28, overflow="fold")
        table.add_column(overflow="fold", max_width=_WIDEST, ratio=1 if verbose else None)
        if verbose:
            table.add_column(justify="right", no_wrap=True, style="dim")
        for result in results:
            table.add_row(*_row(result, narrow=narrow, verbose=verbose))
        yield Group(Text(title, style="bold"), table, Text())


def _row(result: Result, *, narrow: bool, verbose: bool) -> Iterator[Text]:
    kind = phrases.kind(result)
    dim = "dim" if kind == "skip" else ""
    code, name, message = map(phrases.printable, (result.code, result.name, result.message))
    if kind == "waived":
        message = f"{message} (accepted: {phrases.printable(result.waiver)})"
    yield _status(result)
    yield Text(code, style=dim)
    if narrow:
        yield Text.assemble((f"{name}:", "bold"), " ", message, style=dim)
    else:
        yield Text(name, style=dim)
        yield Text(message, style=dim)
    if verbose:
        yield Text(f"{result.seconds:.2f} s")


def _problem(result: Result, why: str) -> RenderableType:
    name = phrases.printable(f"{result.code} {result.name}")
    head = _status(result) + Text("  ") + Text(name, style="bold")
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold", max_width=_WIDEST)
    for heading, text in _lines(result, why):
        grid.add_row(
            "" if heading == "code" else heading,
            Text(text, style="bold cyan" if heading == "code" else ""),
        )
    message = Text(phrases.printable(result.message))
    return Group(head, Padding(Group(message, grid), (0, 0, 0, 2)))


def _symptom(result: Result) -> RenderableType:
    """Return a symptom in short, indented under its cause."""
    said = (phrases.printable(text) for text in (result.code, result.name, result.message))
    code, name, message = said
    line = Text.assemble(
        "symptom: ", _status(result), f" {code} ", (name, "bold"), f": {message}"
    )
    return Padding(line, (0, 0, 0, 4))


def _lines(result: Result, why: str) -> Iterator[tuple[str, str]]:
    yield from phrases.details(result).items()
    if why:
        yield "why", " ".join(phrases.printable(why).split())
    if result.pictures:
        count = len(result.pictures)
        yield "pictures", f"{count} in the HTML report"


def _footer(report: Report) -> Iterator[RenderableType]:
    standing = "red" if report.failures else "yellow" if report.problems else "green"
    head = Text(phrases.verdict(report), style=f"bold {standing}")
    if counts := phrases.counted(report):
        head += Text(f"  ({counts}; {phrases.seconds(report):.1f} s)", style="not bold default")
    yield head
    if report.facts:
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="dim", overflow="fold", max_width=22)
        grid.add_column(overflow="fold", max_width=_WIDEST)
        for name, value in report.facts.items():
            grid.add_row(Text(phrases.printable(name)), Text(phrases.fact(value)))
        yield grid
