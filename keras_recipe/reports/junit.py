"""The report as JUnit XML, which every continuous-integration server can show."""

from __future__ import annotations

from xml.etree import ElementTree

from keras_recipe.core.report import Report
from keras_recipe.core.result import Result
from keras_recipe.reports import phrases


def render(report: Report) -> str:
    """Return one test suite with a test case for every check.

    FAIL is a failure, ERROR an error, SKIP skipped; WARN and accepted findings pass, and say
    what they say under `system-out`. Facts are properties. Times are seconds.
    """
    found = phrases.tally(report)
    totals = {
        "tests": len(report.results),
        "failures": found.get("fail", 0),
        "errors": found.get("error", 0),
        "skipped": found.get("skip", 0),
    }
    about = {"name": "keras-recipe", "time": f"{phrases.seconds(report):.3f}"}
    about |= {name: str(number) for name, number in totals.items()}
    root = ElementTree.Element("testsuites", about)
    suite = ElementTree.SubElement(root, "testsuite", about)
    if report.facts:
        properties = ElementTree.SubElement(suite, "properties")
        for name, value in report.facts.items():
            fact = {"name": phrases.printable(name), "value": phrases.fact(value)}
            ElementTree.SubElement(properties, "property", fact)
    for result in report.results:
        _case(suite, result)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _case(suite: ElementTree.Element, result: Result) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=f"keras_recipe.{phrases.printable(result.code)}",
        name=phrases.printable(f"{result.code} {result.name}".strip()),
        time=f"{result.seconds:.3f}",
    )
    kind, message = phrases.kind(result), phrases.printable(result.message)
    if kind in ("fail", "error"):
        tag = "failure" if kind == "fail" else "error"
        detail = ElementTree.SubElement(case, tag, message=message, type=kind.upper())
        detail.text = phrases.paragraph(result)
    elif kind == "skip":
        ElementTree.SubElement(case, "skipped", message=message)
    elif kind in ("warn", "waived"):
        text = f"{kind.upper()}: {phrases.paragraph(result)}"
        ElementTree.SubElement(case, "system-out").text = text
