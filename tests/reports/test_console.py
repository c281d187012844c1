import re

import pytest
from rich.cells import cell_len

from keras_recipe.core.report import Report
from keras_recipe.core.result import passed
from keras_recipe.reports import console, phrases

ESCAPE = re.compile(r"\x1b\[[\d;]*m")


def squeezed(text):
    """Return the text without its line breaks, as wrapping put them anywhere."""
    return "".join(text.split())


@pytest.mark.parametrize("color", [True, False])
@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_it_fits_the_terminal(report, hostile_report, width, color):
    for shown in (report, hostile_report):
        for verbose in (True, False):
            text = console.render(shown, width, color=color, verbose=verbose)
            assert max(cell_len(ESCAPE.sub("", line)) for line in text.splitlines()) <= width


@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_check_has_a_row_with_its_reason(report, width):
    text = squeezed(console.render(report, width, color=False))
    for result in report.results:
        for part in (result.code, result.name, result.message):
            assert squeezed(part) in text
        assert phrases.kind(result).upper() + result.code in text


def test_problems_come_ranked_with_all_that_helps(report):
    _, _, problems = console.render(report, 120, color=False).partition("root cause first")
    places = [problems.index(code) for code in ("KR202", "KR204", "KR102")]
    assert places == sorted(places)
    assert "KR217" not in problems
    for text in (
        "measured  14.27 nats",
        "expected  2.302 nats",
        "where     output dense_1",
        "The last layer starts too large.",
        "Start the last layer small",
        'Dense(10, kernel_initializer="zeros")',
        "14.27 nats before, 2.31 nats after (0 steps)",
        "1 in the HTML report",
    ):
        assert problems.count(text) == 1, text


def test_the_foot_has_verdict_counts_seconds_and_facts(report):
    lines = console.render(report, 120, color=False).splitlines()[-4:]
    assert lines[0] == f"2 checks failed  ({phrases.counted(report)}; 3.5 s)"
    assert [line.split(maxsplit=1) for line in lines[1:]] == [
        ["task", "multiclass, from softmax"],
        ["seed", "0"],
        ["versions", "keras 3.15.1"],
    ]


def test_skips_are_dimmed_and_statuses_coloured(report):
    text = console.render(report, 120, color=True)
    assert "\x1b[2mthe task has no regression target" in text
    assert "\x1b[1;31mFAIL" in text
    assert "\x1b[32mPASS" in text


def test_strings_are_shown_not_obeyed(hostile_report, hostile):
    text = console.render(hostile_report, 200, color=False)
    assert "\x1b" not in text
    assert "\x00" not in text
    assert "[red]rich[/red]" in text
    assert squeezed(phrases.printable(hostile)) in squeezed(text)
    assert text.encode()
    colored = console.render(hostile_report, 200, color=True)
    assert set(ESCAPE.findall(colored)) <= set(
        ESCAPE.findall(console.render(hostile_report, 90, color=True))
    )
    assert "\x1b" not in ESCAPE.sub("", colored)


def test_colour_is_left_out_where_there_is_no_terminal(report):
    assert console.render(report, 80) == console.render(report, 80, color=False)


def test_verbose_adds_seconds_and_why(report):
    short = console.render(report, 120, color=False)
    long = console.render(report, 120, color=False, verbose=True)
    assert "0.50 s" in long
    assert "A wrong first loss means a wrong bias." in long
    assert "0.50 s" not in short
    assert "A wrong first loss" not in short


def test_show_prints_the_same(report, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    console.show(report)
    printed = capsys.readouterr().out
    assert [line.rstrip() for line in printed.splitlines()] == console.render(
        report, 120, color=False
    ).splitlines()


def test_no_problems_no_heading():
    text = console.render(Report([passed("fine").stamped(code="KR101", name="n")]), 80)
    assert "Problems" not in text
    assert "No problems found  (1 passed; 0.0 s)" in text
    assert console.render(Report(), 80) == "Nothing was checked\n"


def test_a_symptom_stands_under_its_cause(causal_report):
    _, _, problems = console.render(causal_report, 120, color=False).partition("first\n")
    lines = [line for line in problems.splitlines() if line]
    at = next(i for i, line in enumerate(lines) if "KR202" in line)
    assert lines[at + 1].strip() == "head and loss disagree"
    said = "symptom: FAIL KR209 overfit-one-batch: it cannot be overfitted"
    assert lines[at + 2] == f"    {said}"
