import pytest

from keras_recipe.core.report import Report
from keras_recipe.core.result import Fix, Result, Status, failed, passed, warned

#: What a user's layer may be called: markup of every report, control characters, half a pair.
HOSTILE = (
    "<script>alert(\"x\")</script> & 'quoted' [red]rich[/red] $x^2$ %0A 100% a:b,c ]]> "
    "{{ 7 * 7 }} \x1b[31m \x00 \x85 \ud800 \ufffe\r\n::error::fake 猫"
)
EXAMPLES = {
    "kind": "examples",
    "title": "one batch",
    "inputs": [[[0.0, 0.5], [1.0, 0.25]], [[1.0, 1.0], [0.0, 0.0]]],
    "inputs_kind": "image",
    "labels": ["3", "7"],
    "predictions": ["3", "1"],
}
BARS = {"kind": "bars", "title": "zero units", "labels": ["a", "b"], "values": [0.1, 0.9]}
PAGE = {
    "summary": "The first loss is that of the best constant.",
    "Why": "A wrong first loss means\na wrong bias.",
    "Fix": "Check `from_logits`.",
    "Tune": "rtol: largest gap; no unit; measured.\natol: smallest gap; nats; float32.",
    "Source": "Karpathy 2019, https://karpathy.github.io/2019/04/25/recipe/",
}


def stamped(result, code, name, *, cost="forward", seconds=0.5, waiver=""):
    return result.stamped(code=code, name=name, cost=cost, seconds=seconds, waiver=waiver)


def skipped(reason):
    return Result(status=Status.SKIP, message=reason)


@pytest.fixture
def hostile():
    return HOSTILE


@pytest.fixture
def report():
    """Return a report with a row of every kind."""
    too_high = failed(
        "first loss is 14.27 nats; chance predicts 2.302",
        measured=14.27,
        expected=2.302,
        unit="nats",
        where="output dense_1",
        cause="The last layer starts too large.",
        fix=Fix(
            text="Start the last layer small, `stddev=0.01`.",
            code='Dense(10, kernel_initializer="zeros")',
            tried={"before": 14.27, "after": 2.31, "unit": "nats", "steps": 0},
        ),
        evidence={"losses": [14.27, float("nan")]},
        pictures=[EXAMPLES],
    )
    rows = [
        stamped(
            passed("all 100 rows are finite", pictures=[BARS]), "KR101", "non-finite-values"
        ),
        stamped(warned("3 of 64 features never change"), "KR102", "constant-features"),
        stamped(skipped("the task has no regression target"), "KR110", "target-scale"),
        stamped(too_high, "KR204", "loss-at-init"),
        stamped(failed("head and loss disagree"), "KR202", "head-and-loss", cost="static"),
        stamped(
            Result(status=Status.ERROR, message="the check itself crashed (KeyError)"),
            "KR215",
            "one-by-one",
        ),
        stamped(failed("dropout at the end"), "KR217", "gap", waiver="gated on purpose"),
    ]
    facts = {"task": "multiclass, from softmax", "seed": 0, "versions": {"keras": "3.15.1"}}
    return Report(rows, facts, {row.code: PAGE for row in rows})


@pytest.fixture
def hostile_report():
    """Return a report in which every string a user can make is hostile."""
    fix = Fix(
        text=HOSTILE, code=HOSTILE, tried={"before": HOSTILE, "after": 1, "unit": HOSTILE}
    )
    fields = {
        "where": HOSTILE,
        "cause": HOSTILE,
        "unit": HOSTILE,
        "measured": 1.0,
        "fix": fix,
        "evidence": {HOSTILE: [HOSTILE]},
        "pictures": [{**BARS, "title": HOSTILE, "labels": [HOSTILE, "b"], "xlabel": HOSTILE}],
    }
    rows = [
        stamped(failed(HOSTILE, **fields), "KR204", HOSTILE),
        stamped(warned(HOSTILE, **fields | {"pictures": ()}), "KR205", HOSTILE),
        stamped(failed(HOSTILE, **fields | {"pictures": ()}), "KR206", HOSTILE, waiver=HOSTILE),
        stamped(skipped(HOSTILE), "KR207", HOSTILE),
        stamped(Result(status=Status.ERROR, message=HOSTILE), "KR208", HOSTILE),
        stamped(passed(HOSTILE, pictures=[{"kind": HOSTILE}]), "KR209", HOSTILE),
    ]
    page = dict.fromkeys(PAGE, HOSTILE)
    facts = {HOSTILE: HOSTILE, "nested": {HOSTILE: [HOSTILE]}}
    return Report(rows, facts, {row.code: page for row in rows})


@pytest.fixture
def causal_report():
    """Return a report in which one finding is the symptom of another."""
    fix = Fix(text="Use softmax.", tried={"before": 2.3, "after": 0.1, "unit": "loss"})
    cause = stamped(failed("head and loss disagree"), "KR202", "head-and-loss", cost="static")
    symptom = failed("it cannot be overfitted", fix=fix, explained_by="KR202")
    return Report([cause, stamped(symptom, "KR209", "overfit-one-batch", cost="train")])
