"""The words all reports share: verdict, numbers with units, printable text."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from keras_recipe.core.check import STAGES
from keras_recipe.core.report import Report
from keras_recipe.core.result import Fix, Result, Status

#: A row's kind, worst first, with the words for one and for several.
KINDS = {
    "fail": ("failed", "failed"),
    "error": ("crashed", "crashed"),
    "warn": ("warning", "warnings"),
    "waived": ("accepted", "accepted"),
    "pass": ("passed", "passed"),
    "skip": ("skipped", "skipped"),
}
# Control characters, halves of surrogate pairs and two non-characters: they can't be written
# to a terminal, to UTF-8 or to XML without harm.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def printable(text: Any) -> str:
    r"""Return `text` with what no report can hold written as `\x1b`.

    Example:
        >>> printable("red \x1b[31m layer")
        'red \\x1b[31m layer'
    """
    unified = str(text).replace("\r\n", "\n")
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], unified)


def shortened(text: Any, length: int) -> str:
    """Return `text` on one line of at most `length` characters, cut with an ellipsis."""
    line = " ".join(printable(text).split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def figure(value: Any) -> str:
    """Return a number with as many digits as say something.

    Example:
        >>> [figure(v) for v in (2.302585, 60000.0, 12345.67, float("nan"))]
        ['2.303', '60000', '12345.7', 'nan']
    """
    if not isinstance(value, float):
        return printable(value)
    if math.isfinite(value) and value == int(value) and abs(value) < 1e9:
        return str(int(value))
    return f"{value:.6g}" if 1000 <= abs(value) < 1e6 else f"{value:.4g}"


def quantity(value: Any, unit: str = "") -> str:
    """Return a number with its unit; a share becomes a percentage.

    Example:
        >>> quantity(2.302585, "nats"), quantity(0.25, "share")
        ('2.303 nats', '25 %')
    """
    if unit == "share" and isinstance(value, int | float):
        return f"{figure(100.0 * value)} %"
    return f"{figure(value)} {printable(unit)}".strip()


def kind(result: Result) -> str:
    """Return the row's status, or `"waived"` for a problem the user accepted."""
    problem = result.status in (Status.FAIL, Status.WARN)
    return "waived" if problem and result.waiver else str(result.status)


def stages(report: Report) -> list[tuple[str, list[Result]]]:
    """Return the rows under the title of their stage, stages in order."""
    rows = sorted(report.results, key=lambda result: result.code[2:3])
    groups = itertools.groupby(rows, key=lambda result: result.code[2:3])
    return [(STAGES.get(stage, "Checks"), list(group)) for stage, group in groups]


def tally(report: Report) -> dict[str, int]:
    """Return how many rows there are of each kind, worst first, without the empty kinds."""
    kinds = [kind(result) for result in report.results]
    return {name: kinds.count(name) for name in KINDS if name in kinds}


def counted(report: Report) -> str:
    """Return the tally in words: `1 failed, 2 warnings, 12 passed`."""
    return ", ".join(f"{n} {KINDS[name][n > 1]}" for name, n in tally(report).items())


def verdict(report: Report) -> str:
    """Return the one line that says where the program stands."""
    found = tally(report)
    failed, crashed = found.get("fail", 0), found.get("error", 0)
    if failed:
        return "1 check failed" if failed == 1 else f"{failed} checks failed"
    if not found:
        return "Nothing was checked"
    if warnings := found.get("warn", 0):
        return "No failures, " + ("1 warning" if warnings == 1 else f"{warnings} warnings")
    if crashed:
        return "No failures, but not every check could be run"
    if not found.get("pass"):
        return "Nothing could be checked" if "waived" not in found else "No standing problems"
    return "No problems found"


def seconds(report: Report) -> float:
    """Return how long the checks took together."""
    return sum(result.seconds for result in report.results)


def tried(fix: Fix) -> str:
    """Return what the measurement became when the fix was tried; empty if it was not."""
    if not fix.tried:
        return ""
    unit, steps = str(fix.tried.get("unit", "")), fix.tried.get("steps")
    before, after = (quantity(fix.tried.get(key, "?"), unit) for key in ("before", "after"))
    text = f"{before} before, {after} after"
    return f"{text} ({figure(steps)} steps)" if steps is not None else text


def fact(value: Any) -> str:
    """Return a fact of any shape on one line: `keras 3.15, jax 0.10`."""
    if isinstance(value, Mapping):
        return ", ".join(f"{printable(k)} {fact(v)}" for k, v in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(fact(v) for v in value)
    return figure(value)


def details(result: Result) -> dict[str, str]:
    """Return what is known of a finding beyond its message, by heading, without the empty."""
    fix = result.fix
    found = {
        "measured": "" if result.measured is None else quantity(result.measured, result.unit),
        "expected": "" if result.expected is None else quantity(result.expected, result.unit),
        "where": printable(result.where),
        "cause": printable(result.cause),
        "symptom of": printable(result.explained_by),
        "fix": printable(fix.text) if fix else "",
        "code": printable(fix.code) if fix else "",
        "tried": tried(fix) if fix else "",
        "accepted": printable(result.waiver) if kind(result) == "waived" else "",
    }
    return {heading: text for heading, text in found.items() if text}


def paragraph(result: Result) -> str:
    """Return the message and, a line each, everything else known of a finding."""
    lines = [f"{heading}: {text}" for heading, text in details(result).items()]
    return "\n".join([printable(result.message), *lines])
