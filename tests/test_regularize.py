"""Stage 4 on small real programs: what it keeps, what it writes, and what it leaves alone."""

import json

import keras
import numpy as np
import pytest
from climbs import WORSE, climbed
from keras import layers as L
from specimens import digits

from keras_recipe.core.errors import InputError, RecipeFailed
from keras_recipe.core.report import Report
from keras_recipe.core.result import failed
from keras_recipe.experiments.trial_move import Move
from keras_recipe.model import RecipeModel
from keras_recipe.recipe import Recipe
from keras_recipe.regularize import Grown
from keras_recipe.surgery.preserve import variables_of


def rows(start=0, stop=120, wrong=0.0):
    x, y = digits()
    random = np.random.default_rng(0)
    y = np.where(random.random(len(y)) < wrong, random.integers(10, size=len(y)), y)
    return x[start:stop], y[start:stop]


def build(units=64):
    model = keras.Sequential(
        [keras.Input((64,)), L.Dense(units, "relu"), L.Dense(10, "softmax")]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    return model


def ready(made=build, **settings):
    """A recipe whose first stages are done, and whose stage 4 checks cost nothing."""
    known = {"epochs": 20, "batch_size": 16, "ignore": ["KR402"]}
    recipe = Recipe(
        made, data=rows(wrong=0.3), validation_data=rows(400, 700), **{**known, **settings}
    )
    recipe._ground.done = {"1", "2", "3"}
    return recipe


def asked(recipe, moves, **settings):
    return recipe.regularize(moves, **{"seeds": (0, 1, 2), "verbose": 0, **settings})


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    recipe = ready(log_dir=folder, epochs=20)
    return recipe, asked(recipe, ["weight decay", "early stopping"]), folder


def test_what_helps_a_net_that_learned_by_heart_is_kept(learned):
    _, result, _ = learned
    assert result.kept
    assert result.ladder.rung.score < 0.9 * result.ladder.rungs[0].score
    assert result.climbed.steps[0].train is not None
    x, y = rows(400, 700)
    loss = result.model.evaluate(x, y, verbose=0)
    assert loss == pytest.approx(result.ladder.rung.records[0].score, rel=1e-3)


def test_the_checks_say_what_was_found_and_what_was_not_tried(learned):
    recipe, _, _ = learned
    report = recipe.report
    assert report["KR409"].status == "pass"
    assert "of the loss" in report["KR409"].message
    assert report["KR406"].status == "skip"
    assert report["KR406"].message == "it was not asked for"
    assert report["KR401"].status == "skip"


def test_journal_and_runs_are_written_and_it_goes_on_from_them(learned):
    _, result, folder = learned
    lines = (folder / "regularize.jsonl").read_text().splitlines()
    assert "train_score" in json.loads(lines[1])
    assert (folder / "regularize" / "ladder" / "00-start-seed0").is_dir()
    again = asked(ready(log_dir=folder, epochs=20), ["weight decay", "early stopping"])
    assert again.kept == result.kept
    assert (folder / "regularize.jsonl").read_text().splitlines() == lines


def test_no_finding_is_taken_back_for_a_ladder():
    recipe = ready()
    row = failed("labels break").stamped(code="KR402", name="augmentation")
    recipe._ground.report = Report([row])
    recipe._ground.judge("climbed", climbed(("shifted", "augmentation", WORSE)))
    assert recipe.report["KR402"].status == "fail"
    recipe._ground.report = Report([row.stamped(status="pass", message="fine")])
    recipe._ground.judge("climbed", climbed(left_out={"augmentation": "not asked for"}))
    assert recipe.report["KR402"].message == "fine"
    assert recipe.report["KR404"].status == "skip"


def test_own_moves_and_more_data(tmp_path):
    nothing = Move(name="nothing", text="the same")
    recipe = ready(epochs=2, log_dir=tmp_path)
    result = asked(recipe, ["more data", nothing], seeds=(0, 1))
    assert result.kept == ()
    assert result.climbed.curve.sizes == (30, 60, 120)
    assert (tmp_path / "learning_curve.jsonl").exists()
    assert recipe.report["KR401"].status == "pass"
    assert result.climbed.steps[0].family == "own"


def test_it_begins_with_what_overfit_grew():
    recipe = ready(lambda: build(1), epochs=2, ignore=["KR3", "KR402"])
    recipe._ground.done = {"1", "2"}
    grown = recipe.overfit(goal=0.05, seeds=(0, 1), verbose=0)
    assert grown.kept
    result = asked(recipe, "early stopping", seeds=(0, 1))
    first = result.ladder.rungs[0].records[0]
    assert first.train_score == pytest.approx(grown.ladder.rung.records[0].score, rel=1e-3)


def test_what_build_wraps_is_changed_too():
    recipe = ready(lambda: RecipeModel(build(8)), epochs=1)
    found = asked(recipe, ["dropout", "smaller model", "larger model"], seeds=(0, 1))
    messages = [record.message for step in found.climbed.steps for record in step.rung.records]
    assert len(found.climbed.steps) == 6
    assert not any(messages)


def test_grown_applies_what_was_kept():
    double = Move(name="wide", text="", change=lambda model: build(128))
    assert Grown(build, (double,))().layers[0].units == 128


def test_a_model_that_is_given_stays_as_it_was():
    model = build(4)
    x, y = rows()
    model.fit(x, y, verbose=0)
    before = [np.array(keras.ops.convert_to_numpy(v)) for v in variables_of(model)]
    state = np.random.get_state()[1].copy()
    asked(ready(model, epochs=1), ["dropout", "smaller model"], seeds=(0, 1))
    for one, other in zip(before, variables_of(model), strict=True):
        np.testing.assert_array_equal(one, keras.ops.convert_to_numpy(other))
    np.testing.assert_array_equal(state, np.random.get_state()[1])
    assert [type(layer).__name__ for layer in model.layers] == ["Dense", "Dense"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"moves": ["drop"]}, "`moves` takes Moves and names of"),
        ({"moves": None, "budget": -1}, "`budget` must be a number of seconds above 0"),
        ({"moves": "pretrained", "pretrained": 3}, "`pretrained` must be"),
        ({"moves": "dropout", "seeds": (0,)}, "`seeds` must be at least two"),
    ],
)
def test_what_cannot_be_used_is_refused(settings, words, tmp_path):
    with pytest.raises(InputError, match=words):
        asked(ready(log_dir=tmp_path), **settings)
    assert list(tmp_path.iterdir()) == []


def test_without_validation_rows_nothing_starts():
    recipe = Recipe(build, data=rows())
    with pytest.raises(InputError, match="give `validation_data` or `validation_split`"):
        recipe.regularize()
    assert recipe.report.results == []
    assert len(Recipe(build, data=rows(), validation_split=0.25)._ground.rows.held()) == 30


def test_it_does_not_start_while_an_earlier_stage_fails(monkeypatch):
    def check(model, x, y, *, select, **settings):
        return Report([failed("broken").stamped(code=f"{select}01", name="one")])

    monkeypatch.setattr("keras_recipe.examine.check", check)
    recipe = Recipe(build, data=rows(), validation_data=rows())
    with pytest.raises(RecipeFailed, match="Stage 4"):
        recipe.regularize()
