import doctest
import math

import pytest

from keras_recipe.core.report import Report
from keras_recipe.core.result import Fix, Result, Status, failed, passed, warned
from keras_recipe.reports import phrases


def test_examples_in_docstrings_run():
    outcome = doctest.testmod(phrases)
    assert outcome.attempted >= 3
    assert outcome.failed == 0


@pytest.mark.parametrize("code", [*range(32), *range(127, 160), 0xD800, 0xDFFF, 0xFFFE, 0xFFFF])
def test_nothing_unprintable_is_left(code):
    text = phrases.printable(f"a{chr(code)}b")
    if chr(code) in "\t\n":
        assert text == f"a{chr(code)}b"
    else:
        assert text.startswith("a\\")
        assert text.isprintable()
        assert text.encode()


def test_ordinary_letters_stay():
    assert phrases.printable("naïve 猫 😀 <b>") == "naïve 猫 😀 <b>"
    assert phrases.printable("one\r\ntwo") == "one\ntwo"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1 / 3, "0.3333"),
        (1234.5678, "1234.57"),
        (1.5e-7, "1.5e-07"),
        (3e30, "3e+30"),
        (-2.0, "-2"),
        (math.inf, "inf"),
        ("nan", "nan"),
        (7, "7"),
        (True, "True"),
    ],
)
def test_numbers_have_the_digits_that_matter(value, text):
    assert phrases.figure(value) == text


@pytest.mark.parametrize("value", [0.123456, 12.3456, 123456.7, 5e-9, 60000.0, 1e12])
def test_a_written_number_is_within_a_thousandth(value):
    assert float(phrases.figure(value)) == pytest.approx(value, rel=1e-3)


def test_shortened_text_is_one_line_and_says_so():
    assert phrases.shortened("two\nlines", 20) == "two lines"
    assert phrases.shortened("abcdefgh", 5) == "abcd…"


def test_a_share_is_a_percentage():
    assert phrases.quantity(0.925, "share") == "92.5 %"
    assert phrases.quantity("nan", "share") == "nan share"
    assert phrases.quantity(3, "") == "3"


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ([], "Nothing was checked"),
        (["skip"], "Nothing could be checked"),
        (["pass", "skip"], "No problems found"),
        (["pass", "error"], "No failures, but not every check could be run"),
        (["pass", "warn"], "No failures, 1 warning"),
        (["warn", "warn", "error"], "No failures, 2 warnings"),
        (["fail", "warn", "pass"], "1 check failed"),
        (["fail", "fail", "error"], "2 checks failed"),
    ],
)
def test_the_verdict_is_the_worst_that_stands(statuses, verdict):
    rows = [Result(status=Status(status), message="m") for status in statuses]
    assert phrases.verdict(Report(rows)) == verdict


def test_an_accepted_failure_is_counted_apart():
    report = Report([failed("m").stamped(waiver="on purpose"), passed("m").stamped(waiver="x")])
    assert phrases.tally(report) == {"waived": 1, "pass": 1}
    assert phrases.verdict(report) == "No problems found"
    assert phrases.verdict(Report(report.results[:1])) == "No standing problems"


def test_the_tally_adds_up(report):
    assert sum(phrases.tally(report).values()) == len(report.results)
    assert phrases.counted(report) == (
        "2 failed, 1 crashed, 1 warning, 1 accepted, 1 passed, 1 skipped"
    )


def test_rows_come_under_their_stage_in_order():
    codes = ["KR310", "KR101", "KR211", "KR102", ""]
    report = Report([passed("m").stamped(code=code) for code in codes])
    grouped = [[row.code for row in rows] for _, rows in phrases.stages(report)]
    assert grouped == [[""], ["KR101", "KR102"], ["KR211"], ["KR310"]]
    assert phrases.stages(report)[1][0] == "Become one with the data"


def test_a_tried_fix_tells_before_and_after():
    fix = Fix(text="t", tried={"before": 2.3, "after": 0.01, "unit": "nats", "steps": 100})
    assert phrases.tried(fix) == "2.3 nats before, 0.01 nats after (100 steps)"
    assert phrases.tried(Fix(text="t")) == ""
    assert phrases.tried(Fix(text="t", tried={"before": "nan", "after": 1})) == (
        "nan before, 1 after"
    )


def test_facts_of_any_shape_are_one_line():
    assert phrases.fact({"keras": "3.15", "sizes": [1, 2.5]}) == "keras 3.15, sizes 1, 2.5"
    assert phrases.fact(None) == "None"


def test_details_leave_out_what_is_empty():
    assert phrases.details(passed("m")) == {}
    known = phrases.details(warned("m", measured=0.0, unit="nats", cause="c"))
    assert known == {"measured": "0 nats", "cause": "c"}
    assert phrases.paragraph(warned("m", where="here")) == "m\nwhere: here"


def test_details_say_what_a_finding_is_the_symptom_of(causal_report):
    assert phrases.details(causal_report["KR209"])["symptom of"] == "KR202"
    assert "symptom of" not in phrases.details(causal_report["KR202"])
