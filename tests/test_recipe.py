"""The stages in order, and a model that is grown until it learns its training rows."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from keras import layers as L
from specimens import digits

import keras_recipe
from keras_recipe.core.errors import ConfigError, InputError, RecipeFailed
from keras_recipe.core.report import Report
from keras_recipe.core.result import failed, passed
from keras_recipe.recipe import Recipe
from keras_recipe.surgery.preserve import variables_of

ROWS = 400
ADAM = keras.optimizers.Adam


def rows():
    x, y = digits()
    return x[:ROWS], y[:ROWS]


def build(units=1, rate=0.01):
    model = keras.Sequential(
        [
            keras.Input((64,)),
            L.Dense(units, activation="relu"),
            L.Dense(10, activation="softmax"),
        ]
    )
    model.compile(ADAM(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def ready(made=build, **settings):
    """A recipe whose first two stages are done, to be quick; stage 3's checks are not run."""
    recipe = Recipe(made, data=rows(), **{"epochs": 8, "ignore": ["KR302", "KR304"]} | settings)
    recipe._ground.done = {"1", "2"}
    return recipe


def state(model):
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables_of(model)]


@pytest.fixture(scope="module")
def grown():
    """A net of one hidden unit, grown."""
    recipe = ready()
    return recipe, recipe.overfit(goal=0.9, seeds=(0, 1), verbose=0)


def test_a_net_of_one_unit_grows_until_it_learns(grown):
    _, result = grown
    assert result.met
    assert result.loss <= result.goal.loss
    first, last = result.ladder.rungs[0], result.ladder.rung
    assert first.score > 3 * last.score


def test_it_says_which_rung_did_it(grown):
    _, result = grown
    assert "as wide" in result.kept[-1]
    assert result.verdict.startswith(f"{result.kept[-1]!r} did it")
    assert "noise floor" in result.verdict
    assert result.left_out.keys() == {"regularisation off"}


def test_it_is_shown_as_a_table_a_picture_and_plain_data(grown):
    _, result = grown
    for rung in result.ladder.rungs:
        assert rung.move.name in str(result)
    assert result.verdict in result._repr_html_().replace("&#x27;", "'")
    data = json.loads(json.dumps(result.to_dict()))
    assert [one["name"] for one in data["rungs"]] == [
        rung.move.name for rung in result.ladder.rungs
    ]
    assert result.picture()["series"]["goal"][0] == pytest.approx(result.goal.loss)


def test_the_ladder_is_judged_and_the_row_is_in_the_report(grown):
    recipe, _ = grown
    assert recipe.report["KR303"].status == "pass"
    assert recipe.report["KR301"].status == "pass"


def test_the_grown_model_is_trained(grown):
    _, result = grown
    x, y = rows()
    assert result.model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"] > 0.8


def test_a_model_that_meets_the_floor_already_gets_no_rung():
    result = ready(lambda: build(64), epochs=40).overfit(goal=0.9, seeds=(0, 1), verbose=0)
    assert result.met
    assert len(result.ladder.rungs) == 1
    assert result.kept == ()
    assert "the model as it is meets" in result.verdict


def test_a_model_that_is_given_stays_as_it_was():
    model = build(2)
    x, y = rows()
    model.fit(x[:64], y[:64], verbose=0)
    before = state(model)
    recipe = ready(model, epochs=1)
    recipe.overfit(budget=20.0, goal=0.1, seeds=(0, 1), verbose=0)
    assert recipe.model is model
    for one, other in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_journal_and_runs_are_written(tmp_path):
    recipe = ready(lambda: build(32), log_dir=tmp_path)
    recipe.overfit(goal=0.1, seeds=(0, 1), verbose=0)
    lines = (tmp_path / "overfit.jsonl").read_text().splitlines()
    assert len(lines) == 3  # what the trials depend on, and two trials
    assert (tmp_path / "ladder" / "00-start-seed0").is_dir()


def test_class_weights_count():
    _, y = rows()
    recipe = ready(class_weight={digit: 2.0 if digit == 3 else 1.0 for digit in range(10)})
    weights = recipe._ground.rows.train().sample_weight
    assert weights.tolist() == [2.0 if digit == 3 else 1.0 for digit in y]


def test_rows_cut_off_for_validation_are_not_trained_on():
    assert len(ready(validation_split=0.25)._ground.rows.train()) == 300
    given = ready(validation_split=0.25)
    given._ground.rows = dataclasses.replace(given._ground.rows, validation_data=rows())
    assert len(given._ground.rows.train()) == ROWS


def test_the_stages_run_those_before_them_and_are_added_to_the_report(monkeypatch):
    seen = []

    def check(model, x, y, *, select, **settings):
        seen.append((select, settings["epochs"], settings["seed"]))
        return Report([passed("fine").stamped(code=f"{select}01", name="one")])

    monkeypatch.setattr("keras_recipe.examine.check", check)
    recipe = Recipe(build, data=rows(), epochs=3, seed=5)
    recipe.baseline()
    assert seen == [("KR1", 3, 5), ("KR2", 3, 5)]
    assert [r.code for r in recipe.report.results] == ["KR101", "KR201"]


def test_no_stage_starts_on_ground_that_is_not_proven(monkeypatch):
    def check(model, x, y, *, select, **settings):
        return Report([failed("broken").stamped(code=f"{select}01", name="one")])

    monkeypatch.setattr("keras_recipe.examine.check", check)
    recipe = Recipe(build, data=rows())
    assert not recipe.data().ok
    with pytest.raises(RecipeFailed, match=r"Stage 2 .* stage 1 FAILs: KR101 one: broken"):
        recipe.baseline()
    assert not recipe.baseline(force=True).ok
    with pytest.raises(RecipeFailed, match="Stage 3"):
        recipe.overfit()


def test_the_real_first_stage_finds_a_gap():
    x, y = rows()
    x = x.copy()
    x[3, 5] = np.nan
    report = Recipe(build, data=(x, y)).data()
    assert report["KR101"].status == "fail"
    assert {r.code[:3] for r in report.results} == {"KR1"}


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"build": 3}, InputError, "`build` must be a function"),
        ({"data": ()}, InputError, "`data` must be"),
        ({"epoch": 3}, ConfigError, "did you mean 'epochs'"),
        ({"select": "KR2"}, ConfigError, "Unknown setting of Recipe 'select'"),
    ],
)
def test_what_cannot_be_used_is_refused_at_once(arguments, error, words):
    with pytest.raises(error, match=words):
        Recipe(**{"build": build, "data": (np.ones((4, 64)), np.ones(4))} | arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"budget": 0}, "`budget` must be a number of seconds above 0"),
        ({"budget": True}, "`budget` must be a number of seconds above 0"),
        ({"goal": 1.5}, "`goal` must be a share"),
    ],
)
def test_what_overfit_cannot_use_is_refused_before_anything_runs(arguments, words):
    recipe = Recipe(build, data=(np.ones((4, 64)), np.ones(4)))
    with pytest.raises(InputError, match=words):
        recipe.overfit(**arguments)
    assert recipe.report.results == []


def test_without_targets_there_is_nothing_to_learn():
    recipe = ready()
    recipe._ground.rows = dataclasses.replace(recipe._ground.rows, y=None)
    with pytest.raises(InputError, match="no targets"):
        recipe.overfit(verbose=0)


def test_it_is_public():
    assert keras_recipe.Recipe is Recipe


class Stream(keras.utils.PyDataset):
    """The digits in batches of 50."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        x, y = rows()
        part = slice(50 * index, 50 * index + 50)
        return x[part], y[part]


def test_a_dataset_is_read_into_memory():
    recipe = Recipe(build, data=Stream())
    np.testing.assert_array_equal(recipe._ground.rows.train().x, rows()[0][:200])


def unbuilt():
    """A net whose inputs are known with the first batch only."""
    model = keras.Sequential([L.Dense(2, activation="relu"), L.Dense(10, activation="softmax")])
    model.compile(ADAM(0.01), "sparse_categorical_crossentropy")
    return model


def test_a_model_that_is_built_by_its_first_batch_grows_too():
    recipe = ready(unbuilt, epochs=6)
    result = recipe.overfit(goal=0.7, seeds=(0, 1), verbose=0)
    assert result.met
    failed = [record.message for one in result.ladder.rungs for record in one.records]
    assert not any(failed)


def test_what_build_wraps_is_checked_and_grown():
    recipe = ready(lambda: keras_recipe.RecipeModel(build(32)), epochs=4)
    assert recipe.overfit(goal=0.3, seeds=(0, 1), verbose=0).met


def hyper(hp):
    return build(units=16, rate=hp.Float("learning_rate", 1e-3, 3e-2, sampling="log"))


def test_tune_searches_and_its_checks_judge(tmp_path):
    x, y = digits()
    recipe = ready(
        hyper, validation_data=(x[ROWS : 2 * ROWS], y[ROWS : 2 * ROWS]), epochs=3,
        log_dir=tmp_path,
    )  # fmt: skip
    recipe._ground.done |= {"3", "4"}
    found = recipe.tune("random", trials=3, seeds=(0, 1), verbose=0)
    assert len(found.trials) == 3
    assert {"KR501", "KR502", "KR503", "KR504"} <= {r.code for r in recipe.report.results}
    assert recipe.report["KR501"].status == "pass"
    assert (tmp_path / "tune.jsonl").exists()
    score = found.model.evaluate(*recipe._ground.rows.validation_data, verbose=0)[0]
    assert score == pytest.approx(found.best.score, rel=1e-4)


def test_tune_refuses_one_seed_before_it_searches():
    with pytest.raises(InputError, match="at least two different"):
        ready(hyper, validation_data=rows()).tune(trials=1, seeds=(0,), verbose=0)


def test_tune_does_not_start_while_an_earlier_stage_fails():
    recipe = ready(hyper, validation_data=rows())
    recipe._ground.done |= {"3", "4"}
    recipe._ground.report = Report([failed("bad").stamped(code="KR202", name="head_and_loss")])
    with pytest.raises(RecipeFailed, match="Stage 5"):
        recipe.tune(trials=1, verbose=0)
