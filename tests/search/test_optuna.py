"""Optuna's samplers as a method of search: seeded, resumed, conditional, and absent."""

import sys

import keras_tuner
import pytest

from keras_recipe.core.errors import ConfigError, InputError

optuna = pytest.importorskip("optuna")

from one_backend import ONE_BACKEND  # noqa: E402
from searching import searched  # noqa: E402

from keras_recipe.search.optuna_oracle import OptunaOracle  # noqa: E402
from keras_recipe.search.plan import SearchPlan  # noqa: E402


def oracle(space, sampler="tpe", trials=30, seed=3):
    made = OptunaOracle(
        sampler=sampler,
        objective=keras_tuner.Objective("loss", "min"),
        max_trials=trials,
        seed=seed,
        hyperparameters=space,
        max_consecutive_failed_trials=10**6,
    )
    made.verbose = 0
    return made


def every_kind():
    """A space with every kind of hyperparameter and two levels of conditions."""
    hp = keras_tuner.HyperParameters()
    hp.Fixed("fixed", 4)
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    hp.Float("share", 0.0, 0.5, step=0.1)
    hp.Float("late", 0.1, 0.9, sampling="reverse_log")
    hp.Int("units", 4, 23, step=8)
    hp.Int("width", 2, 32, step=2, sampling="log")
    hp.Int("depth", 1, 100, sampling="log")
    hp.Boolean("decay")
    with hp.conditional_scope("decay", [True]):
        hp.Float("weight", 1e-6, 1e-2, sampling="log")
    hp.Choice("kind", ["a", "b"])
    with hp.conditional_scope("kind", ["a"]):
        hp.Choice("size", [1, 2])
    with hp.conditional_scope("kind", ["b"]):
        hp.Choice("length", [10, 20])
    return hp


def searching(made, score, folder):
    """Ask and tell until the oracle ends; return the values of each trial."""
    made._set_project_dir(str(folder), "optuna")
    found = []
    while (trial := made.create_trial("tuner0")).status == "RUNNING":
        values = dict(trial.hyperparameters.values)
        found.append(values)
        value = score(values)
        trial.status = "FAILED" if value is None else "COMPLETED"
        if value is not None:
            made.update_trial(trial.trial_id, {"loss": value})
        made.end_trial(trial)
    return found


def bowl(values):
    return None if values["units"] == 12 else abs(values["rate"] - 0.01) + values["share"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")
@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_values_lie_in_the_space_and_the_seed_decides_them(tmp_path, sampler):
    found = searching(oracle(every_kind(), sampler), bowl, tmp_path / "a")
    assert len(found) == 30
    assert found == searching(oracle(every_kind(), sampler), bowl, tmp_path / "b")
    assert found != searching(oracle(every_kind(), sampler, seed=4), bowl, tmp_path / "c")
    for one in found:
        assert one["fixed"] == 4
        assert 1e-4 <= one["rate"] <= 1e-1
        assert round(10 * one["share"], 6) in range(6)
        assert 0.1 <= one["late"] <= 0.9
        assert one["units"] in (4, 12, 20)
        assert one["width"] in (2, 4, 8, 16, 32)
        assert 1 <= one["depth"] <= 100
        assert ("weight" in one) == one["decay"]
        assert one.get("size") in ((1, 2) if one["kind"] == "a" else (None,))
        assert one.get("length") in ((10, 20) if one["kind"] == "b" else (None,))
    assert {one["kind"] for one in found} == {"a", "b"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")
def test_it_learns_from_the_scores(tmp_path):
    hp = keras_tuner.HyperParameters()
    hp.Float("x", -10.0, 10.0)
    found = searching(oracle(hp, trials=40), lambda v: (v["x"] - 3) ** 2, tmp_path)
    before, after = ([abs(one["x"] - 3) for one in half] for half in (found[:10], found[-10:]))
    assert sum(after) < sum(before) / 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")
def test_a_space_that_is_exhausted_ends_the_search_and_nothing_is_tried_twice(tmp_path):
    hp = keras_tuner.HyperParameters()
    hp.Choice("x", [1, 2, 3])
    found = searching(oracle(hp), lambda v: float(v["x"]), tmp_path)
    assert sorted(one["x"] for one in found) == [1, 2, 3]


def timeless(result):
    return [{**t.timeless(), "path": None} for t in result.trials]


@ONE_BACKEND
def test_a_search_with_failed_trials_goes_on_alike(tmp_path):
    level = optuna.logging.get_verbosity()
    whole = searched(tmp_path / "whole", method="optuna", trials=6, epochs=1)
    assert optuna.logging.get_verbosity() == level
    assert len(whole.trials) == 6
    assert "failed" in {trial.status for trial in whole.trials}
    assert "(optuna search" in str(whole)
    lines = (tmp_path / "whole" / "tune.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "tune.jsonl").write_bytes(b"".join(lines[:4]) + lines[4][:20])
    told = []
    again = searched(
        tmp_path / "cut", method="optuna", trials=6, epochs=1, progress=told.append
    )
    assert timeless(again) == timeless(whole)
    assert len(told) == 6 - 3


def test_what_cannot_be_had_is_one_sentence(monkeypatch):
    SearchPlan(method="optuna:random")
    with pytest.raises(ConfigError, match="sampler of Optuna"):
        SearchPlan(method="optuna:tpee")
    with pytest.raises(ConfigError, match="method of search"):
        SearchPlan(method="random:tpe")
    monkeypatch.setitem(sys.modules, "cmaes", None)
    with pytest.raises(InputError, match="cmaes sampler needs a package"):
        SearchPlan(method="optuna:cmaes")
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r'pip install "keras-recipe\[optuna\]"'):
        SearchPlan(method="optuna")
