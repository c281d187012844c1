"""The zoo keeps its size and its promises; a few of its programs are examined for real."""

import re
from pathlib import Path

import pytest
from zoo import measures, registry, run

import keras_recipe
from keras_recipe import checks

FAULTS, HEALTHY = registry.load()
HERE = Path(__file__).parent
#: Take seconds to build, as they are trained before they are given away.
TRAINED_BEFORE = (
    "base_trained_on_unit_range_fed_bytes",
    "fine_tuning_at_a_hundred_thousandth",
    "pretrained_base_frozen",
    "pupil_of_a_larger_net",
    "trained_a_second_time",
)


def problems(*, fails=(), warns=()):
    rows = [{"code": code, "status": "fail", "message": ""} for code in fails]
    return rows + [{"code": code, "status": "warn", "message": ""} for code in warns]


def row(name, sick, score=1.0, **found):
    out = {"problems": problems(**found), "errors": [], "check_s": 1.0, "score": score}
    return {"name": name, "sick": sick, "seed": 0, "out": out}


def test_there_are_enough_programs_of_enough_kinds():
    assert len(FAULTS) >= 60
    assert len(HEALTHY) >= 40
    assert len({entry.kinds[0] for entry in FAULTS.values()}) >= 40
    homes = [entry.make.__module__ for entry in (*FAULTS.values(), *HEALTHY.values())]
    assert sum("faults_live_" in home for home in homes) >= 25
    assert sum("healthy_odd_runs" in home for home in homes) >= 25


def test_kinds_are_named_by_codes_with_a_reason():
    for kind, (meaning, names) in registry.KINDS.items():
        assert meaning, kind
        assert names, kind
        assert all(re.fullmatch(r"KR[1-6]\d\d", code) for code in names), kind
        assert all(names.values()), kind


def test_no_tool_is_imported_by_the_programs():
    for path in HERE.glob("*.py"):
        if path.stem.startswith(("faults_", "healthy_")) or path.stem in ("material", "truth"):
            assert "keras_recipe" not in path.read_text(), path


@pytest.mark.parametrize("name", [n for n in (*FAULTS, *HEALTHY) if n not in TRAINED_BEFORE])
def test_every_program_builds(name):
    entry = registry.entry(name)
    program = entry.build(sick=bool(entry.kinds))
    assert program.model.compiled
    assert callable(program.score)
    assert {"epochs"} <= set(program.fit)


def test_same_seed_same_data():
    first, second, other = (registry.entry("plain_classifier").build(seed=s) for s in (0, 0, 1))
    assert (first.x == second.x).all()
    assert not (first.x == other.x).all()


@pytest.mark.parametrize(
    ("name", "code"),
    [("raw_scores_to_binary_loss", "KR202"), ("embedding_behind_a_stop", "KR219")],
)
def test_a_fault_is_found_and_named(name, code):
    program = registry.entry(name).build(sick=True)
    report = keras_recipe.check(
        program.model, program.x, program.y, select=["KR202", "KR203", "KR219"]
    )
    assert code in [r.code for r in report.failures]


@pytest.mark.parametrize("name", ["three_quantiles", "rare_class_with_its_bias"])
def test_a_bait_is_left_alone(name):
    program = registry.entry(name).build()
    data = {"validation_data": program.validation_data, **program.fit}
    report = keras_recipe.check(program.model, program.x, program.y, ignore=["KR302"], **data)
    assert report.ok, report


def test_examine_returns_what_the_summary_needs():
    out = run.examine("the_whole_set_as_one_batch", True, 0, budget=5.0)
    checks.load()
    assert set(out["statuses"]) >= {"KR101", "KR202", "KR302"}
    assert not out["errors"]
    summary, _ = measures.judge(
        [{"name": "the_whole_set_as_one_batch", "sick": True, "seed": 0, "out": out}]
    )
    assert summary["sick"] == 1


def test_the_summary_counts_faults_alarms_and_pretenders():
    rows = [
        row("rate_below_zero", True, -1.0, fails=["KR318"]),
        row("rate_below_zero", False, 0.9, warns=["KR410"]),
        row("adam_at_one", True, 0.8, warns=["KR302"]),
        row("adam_at_one", False, 0.8, fails=["KR209"]),
        row("plain_classifier", False, 0.1),
    ]
    summary, lists = measures.judge(rows)
    assert (summary["sick"], summary["detected"], summary["diagnosed"]) == (2, 0.5, 1.0)
    assert (summary["healthy"], summary["alarms"]) == (3, 0.333)
    assert summary["top_warnings"] == {"KR410": 1}
    assert [line.split(":")[0] for line in lists["false alarms"]] == ["adam_at_one"]
    found = {line.split()[0] for line in lists["not what they claim to be"]}
    assert found == {"adam_at_one", "plain_classifier"}


def test_agree_counts_the_pairs(tmp_path, capsys):
    paths = []
    for backend, status in (("jax", "pass"), ("torch", "fail")):
        one = row("adam_at_one", True)
        one["out"]["statuses"] = {"KR302": status, "KR101": "pass"}
        paths.append(tmp_path / f"{backend}.json")
        paths[-1].write_text(measures.json.dumps({"backend": backend, "rows": [one]}))
    measures.agree(paths)
    said = capsys.readouterr().out
    assert "50.0% agree" in said
    assert "KR302: jax pass, torch fail" in said


def _shout(name, sick, seed):
    return {"name": name.upper(), "sick": sick, "seed": seed}


def test_the_runner_answers_every_job():
    todo = [("shout", "one", True, 0), ("shout", "two", False, 1)]
    results = run.run(todo, {"shout": _shout}, workers=1, limit=60)
    assert [results[job]["name"] for job in todo] == ["ONE", "TWO"]
