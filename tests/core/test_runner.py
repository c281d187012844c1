"""Every check gets a row, whatever happens."""

import itertools

import pytest

from keras_recipe.core.check import CHECKS, check
from keras_recipe.core.errors import CheckDefinitionError, NotApplicable, RecipeFailed
from keras_recipe.core.report import Report
from keras_recipe.core.result import Fix, Result, Status, failed, passed, warned
from keras_recipe.core.runner import ordered, run
from keras_recipe.core.settings import Settings

PAGE = """It holds.

Why:
    Because.
Fix:
    Mend it.
Tune:
    most: Most of it; no unit.
Source:
    A paper.
"""


@pytest.fixture
def make(monkeypatch):
    """Define a throwaway check that the registry forgets again."""
    monkeypatch.setattr("keras_recipe.core.check.CHECKS", dict(CHECKS))
    registry = dict(CHECKS)
    for name in ("check", "settings"):
        monkeypatch.setattr(f"keras_recipe.core.{name}.CHECKS", registry)

    def define(code, body=lambda: passed("fine"), cost="static", requires=(), needs=""):
        scope = {"body": body}
        source = f"def thing({needs}*, most=1.0):\n    return body({needs.strip(', ')})"
        exec(source, scope)
        scope["thing"].__doc__ = PAGE
        return check(code, cost=cost, requires=requires)(scope["thing"])

    return define


class Holder:
    """A subject with one thing."""

    def need(self, name):
        if name == "here":
            return 7
        raise NotApplicable(f"there is no `{name}` to examine")


def test_a_crash_is_an_error_and_hides_nothing(make):
    def crash():
        raise ZeroDivisionError("planted")

    report = run([make("KR698", crash), make("KR699")], Holder())
    assert [r.status for r in report.results] == [Status.ERROR, Status.PASS]
    assert "ZeroDivisionError" in report["KR698"].message


def test_needs_are_given_by_name_and_missing_ones_skip(make):
    got = make("KR690", lambda here: passed("got", measured=here), needs="here, ")
    lacks = make("KR691", lambda there: passed("got"), needs="there, ")
    report = run([got, lacks], Holder())
    assert report["KR690"].measured == 7
    assert report["KR691"].status is Status.SKIP
    assert "there" in report["KR691"].message


@pytest.mark.parametrize(
    ("status", "expected"),
    [(failed, Status.SKIP), (passed, Status.PASS), (warned, Status.PASS)],
)
def test_a_requirement_blocks_only_when_it_failed(make, status, expected):
    first = make("KR699", lambda: status("first"), cost="train")
    second = make("KR690", requires=("KR699",))
    report = run([second, first], Holder())
    assert report["KR690"].status is expected


def test_a_skipped_requirement_does_not_block(make):
    first = make("KR699", lambda there: passed("x"), needs="there, ")
    report = run([first, make("KR690", requires=("KR699",))], Holder())
    assert report["KR690"].status is Status.PASS


def test_a_circle_of_requirements_still_runs(make):
    pair = [make("KR690", requires=("KR691",)), make("KR691", requires=("KR690",))]
    assert {c.code for c in ordered(pair)} == {"KR690", "KR691"}


def test_the_budget_skips_what_does_not_fit(make):
    ticks = itertools.count(step=10.0)
    report = run(
        [make("KR690"), make("KR691"), make("KR692")],
        Holder(),
        clock=lambda: next(ticks),
        budget=35.0,
    )
    assert [str(r.status) for r in report.results] == ["pass", "pass", "skip"]
    assert "budget of 35 s" in report["KR692"].message


def test_interrupting_keeps_what_is_done(make):
    def interrupt():
        raise KeyboardInterrupt

    report = run([make("KR690"), make("KR691", interrupt), make("KR692")], Holder())
    assert [str(r.status) for r in report.results] == ["pass", "skip", "skip"]
    assert "interrupted" in report["KR692"].message


def test_the_guard_restores_after_each_check_that_may_touch_the_model(make):
    class Counting:
        calls = 0

        def restore(self):
            self.calls += 1

    guard = Counting()
    run([make("KR690"), make("KR691", cost="train")], Holder(), guard=guard)
    assert guard.calls == 1


def test_waived_findings_are_shown_but_do_not_count(make):
    bad = make("KR690", lambda: failed("bad"))
    report = run([bad], Holder(), settings=Settings(waive={"KR690": "on purpose"}))
    assert report.ok
    assert report["KR690"].waiver == "on purpose"
    assert report["KR690"].status is Status.FAIL


def test_thresholds_are_tuned(make):
    chk = make("KR690")
    tuned = run([chk], Holder(), settings=Settings(tune={"KR690": {"most": 2}}))
    assert tuned.ok


@pytest.mark.parametrize("code", ["KR7", "KR799", "X204", "KR20"])
def test_malformed_codes_are_refused(make, code):
    with pytest.raises(CheckDefinitionError, match="two digits"):
        make(code)


def test_a_page_needs_every_section():
    with pytest.raises(CheckDefinitionError, match="Source"):

        @check("KR690", cost="static")
        def thing():
            """It holds.

            Why:
                a
            Fix:
                b
            Tune:
                Nothing.
            """


def test_problems_are_ranked_cause_before_symptom():
    rows = [
        warned("w", code="KR102", cost="static"),
        failed("symptom", code="KR209", cost="train"),
        failed("cause", code="KR202", cost="static"),
        passed("p", code="KR101", cost="forward"),
        failed("waived", code="KR203", cost="static", waiver="meant"),
    ]
    report = Report(rows)
    assert [r.code for r in report.problems] == ["KR202", "KR102", "KR209"]
    with pytest.raises(RecipeFailed, match="KR202"):
        report.raise_if_failed()


def test_json_round_trip_keeps_everything():
    row = failed(
        "bad",
        measured=float("nan"),
        expected=float("inf"),
        evidence={"a": [1, 2.5, None, "x", float("nan")]},
        pictures=[{"kind": "bars", "values": [1.0]}],
        fix=Fix(text="do", code="x = 1", tried={"before": 2.0, "after": 1.0}),
        code="KR209",
        cost="train",
    )
    report = Report([row, passed("fine", code="KR101")], {"seed": 0}, {"KR209": {"Why": "w"}})
    again = Report.from_json(report.to_json())
    assert again == report
    assert again["KR209"].fix.tried == {"before": 2.0, "after": 1.0}
    assert report.to_dict()["schema_version"] == 1


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"schema_version": 99}'])
def test_what_is_not_a_report_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match="report"):
        Report.from_json(text)


def test_merging_puts_newer_rows_over_older_ones():
    old = Report([warned("old", code="KR317"), passed("kept", code="KR101")], {"a": 1})
    new = Report([passed("new", code="KR317"), passed("more", code="KR310")], {"b": 2})
    merged = old.merged(new)
    assert [r.code for r in merged.results] == ["KR317", "KR101", "KR310"]
    assert merged["KR317"].message == "new"
    assert merged.facts == {"a": 1, "b": 2}


def test_evidence_must_be_plain_data():
    with pytest.raises(TypeError, match="plain JSON"):
        Result(status=Status.PASS, message="m", evidence={"a": object()})


def test_a_fix_without_an_action_says_so():
    with pytest.raises(ValueError, match="by hand: turn it"):
        Fix(text="turn it").apply(object())


def test_a_fix_of_what_fit_is_given_returns_all_its_arguments():
    given = Fix(text="t", data=lambda given: {**given, "epochs": 2 * given["epochs"]})
    assert given.can_be_applied
    assert given.apply_to_data([1], epochs=3) == {"x": [1], "y": None, "epochs": 6}
    with pytest.raises(ValueError, match=r"on what fit is given, by `fix.apply_to_data"):
        given.apply(object())


def test_a_fix_of_the_model_or_by_hand_has_nothing_to_do_with_the_data():
    assert not Fix(text="t").can_be_applied
    with pytest.raises(ValueError, match="by hand: t"):
        Fix(text="t").apply_to_data([1])
    with pytest.raises(ValueError, match=r"on the model, by `fix.apply\(model\)`: t"):
        Fix(text="t", action=lambda _: None).apply_to_data([1])


def test_a_fix_returns_the_model_to_go_on_with():
    model, other = object(), object()
    assert Fix(text="t", action=lambda _: None).apply(model) is model
    assert Fix(text="t", action=lambda _: other).apply(model) is other
