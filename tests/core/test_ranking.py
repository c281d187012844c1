import pytest

from keras_recipe.core.ranking import CAUSES, LINKS, TRAINING, grouped, ranked, reason
from keras_recipe.core.report import Report
from keras_recipe.core.result import Fix, failed, warned


def row(code, *, warn=False, **fields):
    stage, kind = code[2], warned if warn else failed
    cost = {"1": "forward", "2": "forward", "3": "live"}.get(stage, "live")
    return kind(f"{code} says", code=code, **{"cost": cost, **fields})


def codes(rows):
    return [one.code for one in ranked(rows)]


def test_no_cause_is_a_symptom_of_its_own_symptom():
    def above(code, seen=()):
        assert code not in seen, f"{code} explains itself by way of {seen}"
        for cause in CAUSES.get(code, {}):
            above(cause, (*seen, code))

    for code in CAUSES:
        above(code)
    assert all(why for _, _, why in LINKS)


def test_symptoms_stand_behind_everything_else():
    rows = [
        row("KR209", cost="train"),
        row("KR313"),
        row("KR202", cost="static"),
        row("KR106", warn=True),
    ]
    assert codes(rows) == ["KR202", "KR106", "KR209", "KR313"]
    ((cause, symptoms), (alone, none)) = grouped(rows)
    assert (cause.code, [one.code for one in symptoms]) == ("KR202", ["KR209", "KR313"])
    assert (alone.code, none) == ("KR106", [])
    assert "labels" in reason(symptoms[0], cause)


def test_unrelated_failures_stay_side_by_side_and_before_warnings():
    rows = [row("KR104", warn=True), row("KR217"), row("KR302", cost="train"), row("KR109")]
    assert codes(rows) == ["KR109", "KR217", "KR302", "KR104"]


def test_a_warning_explains_nothing_unless_its_change_was_tried():
    rows = [row("KR209", cost="train"), row("KR109", warn=True)]
    assert codes(rows) == ["KR209", "KR109"]
    tried = rows[0].stamped(explained_by="KR109")
    assert codes([tried, rows[1]]) == ["KR109", "KR209"]
    assert codes([tried, rows[1], row("KR217")]) == ["KR217", "KR109", "KR209"]


def test_a_cause_that_is_no_problem_explains_nothing():
    tried = row("KR209", cost="train", explained_by="KR318")
    assert codes([tried, row("KR113", warn=True)]) == ["KR209", "KR113"]
    live = row("KR318", warn=True)
    assert codes([tried, row("KR113", warn=True), live]) == ["KR318", "KR113", "KR209"]


def test_the_proved_cause_stands_before_other_failures():
    rows = [
        row("KR110"),
        row("KR302", cost="train"),
        row("KR209", cost="train", explained_by="KR302"),
    ]
    assert codes(rows) == ["KR302", "KR110", "KR209"]


def test_warnings_that_could_explain_a_failure_come_before_the_others():
    rows = [row("KR209"), row("KR106", warn=True), row("KR220", warn=True)]
    assert codes(rows) == ["KR209", "KR220", "KR106"]


def test_what_only_shows_a_fault_stands_behind_what_can_be_mended():
    rows = [row("KR207", cost="train"), row("KR313"), row("KR217")]
    assert codes(rows) == ["KR217", "KR313", "KR207"]
    assert set(TRAINING) >= {"KR207", "KR313"}


def test_two_findings_that_name_each_other_both_stand():
    rows = [row("KR209", explained_by="KR302"), row("KR302", explained_by="KR209")]
    assert sorted(codes(rows)) == ["KR209", "KR302"]


def test_an_accepted_cause_explains_nothing():
    rows = [row("KR202", waiver="meant"), row("KR209")]
    assert codes(rows) == ["KR209"]


@pytest.mark.parametrize("again", [False, True])
def test_the_report_says_which_symptoms_a_cause_has(again):
    fix = Fix(text="do", tried={"before": 2.0, "after": 0.1})
    report = Report([row("KR202"), row("KR209", explained_by="KR202", fix=fix)])
    if again:
        report = Report.from_json(report.to_json())
    assert report["KR209"].explained_by == "KR202"
    assert report.to_dict()["symptoms"] == {"KR202": ["KR209"]}
    assert [one.code for one in report.problems] == ["KR202", "KR209"]
