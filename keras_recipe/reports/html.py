"""The report as one self-contained HTML file, and as a fragment for a notebook."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jinja2

from keras_recipe.core.errors import InputError
from keras_recipe.core.report import Report
from keras_recipe.core.result import Result, plain
from keras_recipe.reports import phrases, pictures
from keras_recipe.reports.templates import templates

#: Characters of a result's evidence that are shown; all of it is in the JSON report.
MOST_EVIDENCE = 4000


def render(report: Report, sections: Mapping[str, str] | None = None) -> str:
    """Return `report` as one HTML page that needs nothing else.

    Styles and pictures (PNG, for light and dark screens) are inside, everything that came from
    the user is escaped, and the page's own policy forbids any other script and resource.

    Args:
        report: What to show.
        sections: What stands before the problems: HTML by title, its texts escaped already, as
            `fragments` makes it.
    """
    environment = _environment()
    script = environment.get_template("report.js.jinja").render()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("report.html.jinja").render(
        _context(report, dark=True), links=True, script_hash=digest, sections=sections or {}
    )


def notebook(report: Report) -> str:
    """Return `report` as an HTML fragment: no script, no links, pictures for light paper."""
    template = _environment().get_template("report.body.jinja")
    return template.render(_context(report, dark=False), links=False)


def _environment() -> jinja2.Environment:
    environment = templates()
    environment.filters.update(backticked=_backticked, paragraphs=_paragraphs)
    return environment


def _backticked(text: Any) -> list[str]:
    """Return the text cut at its pairs of backticks: every second part is code."""
    return re.split(r"`([^`\n]+)`", str(text))


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a page's section; each `threshold:` begins one."""
    parts = re.split(r"\n\s*\n|\n(?=[a-z_]+: )", text)
    joined = [" ".join(part.split()) for part in parts if part.strip()]
    return [re.sub(r"^([a-z_]+): ", r"`\1`: ", part) for part in joined]


def _context(report: Report, *, dark: bool) -> dict[str, Any]:
    places = {id(result): place for place, result in enumerate(report.problems, 1)}
    items = {
        id(result): _item(result, report.pages)
        | {"pictures": [_picture(picture, dark=dark) for picture in result.pictures]}
        | {"place": places.get(id(result))}
        for result in report.results
    }
    for result, symptoms in report.causes:
        items[id(result)]["symptoms"] = [items[id(symptom)] for symptom in symptoms]
        for symptom in symptoms:
            items[id(symptom)]["root"] = items[id(result)]
    tally = phrases.tally(report)
    return {
        "verdict": phrases.verdict(report),
        "tone": "fail" if report.failures else "warn" if report.problems else "",
        "tally": [
            {"kind": kind, "count": count, "words": phrases.KINDS[kind][count > 1]}
            for kind, count in tally.items()
        ],
        "seconds": f"{phrases.seconds(report):.1f}",
        "facts": [(name, phrases.fact(value)) for name, value in report.facts.items()],
        "problems": [items[key] for key in places],
        "stages": [
            {"title": title, "rows": [items[id(result)] for result in results]}
            for title, results in phrases.stages(report)
        ],
    }


def _item(result: Result, pages: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    fix, tried = result.fix, dict(result.fix.tried) if result.fix else {}
    known = phrases.details(result)
    measure = {"measured": result.measured, "expected": result.expected}
    effect = {"before": tried.get("before"), "after": tried.get("after")}
    return {
        "kind": phrases.kind(result),
        "code": result.code,
        "name": result.name,
        "message": result.message,
        "cost": result.cost,
        "seconds": f"{result.seconds:.2f}",
        "waiver": known.get("accepted", ""),
        "measure": list(_gauge(measure, result.unit, (phrases.kind(result), "skip"))),
        "details": [(name, known[name]) for name in ("where", "cause", "fix") if name in known],
        "fix_code": fix.code if fix else "",
        "tried": list(_gauge(effect, str(tried.get("unit", "")), ("fail", "pass"))),
        "steps": phrases.figure(tried["steps"]) if "steps" in tried else "",
        "evidence": _evidence(result.evidence),
        "page": pages.get(result.code),
    }


def _gauge(
    values: Mapping[str, Any], unit: str, tones: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    """Yield the values in words and, where bars can compare them, in percent of the larger."""
    known = {label: value for label, value in values.items() if value is not None}
    numbers = [float(v) for v in known.values() if isinstance(v, int | float)]
    drawable = len(numbers) == len(values) and all(math.isfinite(v) and v >= 0 for v in numbers)
    most = max(numbers, default=0.0) or 1.0
    for (label, value), tone in zip(known.items(), tones, strict=False):
        bar = f"{100 * float(value) / most:.2f}" if drawable and value else ""
        text, percent = phrases.quantity(value, unit), bar if drawable else None
        yield {"label": label, "text": text, "percent": percent, "tone": tone}


def _evidence(evidence: Mapping[str, Any]) -> str:
    text = json.dumps(plain(evidence), indent=1, ensure_ascii=False) if evidence else ""
    if len(text) <= MOST_EVIDENCE:
        return text
    left_out = len(text) - MOST_EVIDENCE
    return f"{text[:MOST_EVIDENCE]}\n… {left_out} more characters in the JSON report"


def _picture(picture: Mapping[str, Any], *, dark: bool) -> dict[str, str]:
    title = phrases.printable(picture.get("title", ""))
    try:
        light = pictures.render(picture)
        night = pictures.render(picture, dark=True) if dark else b""
    except InputError as error:
        return {"title": title, "fault": str(error)}
    return {"title": title, "light": _address(light), "dark": _address(night)}


def _address(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}" if png else ""
