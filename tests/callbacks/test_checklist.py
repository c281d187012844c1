from keras_recipe.callbacks.checklist import checklist, problems
from keras_recipe.core.report import Report
from keras_recipe.core.result import Fix, failed, passed, warned


def row(result, code, name):
    return result.stamped(code=code, name=name)


def test_every_row_and_fact_is_shown():
    report = Report(
        [row(passed("4 | 5\nrows"), "KR101", "a_b"), row(failed("<i>x</i>"), "KR102", "c")],
        {"task": "binary: *sigmoid* head"},
    )
    lines = checklist(report).splitlines()
    assert lines[0] == "**1 check failed** (1 failed, 1 passed)"
    assert r"| pass KR101 a\_b | 4 \| 5 rows |" in lines
    assert "| fail KR102 c | &lt;i&gt;x&lt;/i&gt; |" in lines
    assert r"| task | binary: \*sigmoid\* head |" in lines


def test_a_report_without_facts_has_one_table():
    assert "Fact" not in checklist(Report([row(passed("x"), "KR101", "a")]))


def test_problems_come_cause_first_with_their_fix():
    fix = Fix(text="Shift it.", code="bias.assign(b)", tried={"before": 2.0, "after": 1.0})
    report = Report(
        [
            row(warned("late"), "KR220", "later"),
            row(failed("biased", measured=0.5, unit="nats", fix=fix), "KR205", "bias"),
            row(passed("fine"), "KR101", "fine"),
        ]
    )
    text = problems(report)
    assert text.index("### KR205 bias: fail") < text.index("### KR220 later: warn")
    assert "| fix | Shift it. |" in text
    assert "0.5 nats" in text
    assert "KR101" not in text


def test_no_problems():
    assert problems(Report([row(passed("fine"), "KR101", "a")])) == "No problems found"
