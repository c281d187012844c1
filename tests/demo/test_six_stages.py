"""The demo through all six stages on a few digits, stopped by a FAIL, and started again."""

import dataclasses
import functools
import re

import board_reader
import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.core.errors import RecipeFailed
from keras_recipe.core.report import Report
from keras_recipe.core.result import failed
from keras_recipe.demo import datasets, six_stages
from keras_recipe.recipe import Recipe

PLAN = six_stages.Plan(
    train=128,
    validation=64,
    epochs=1,
    batch_size=32,
    budget=40.0,
    moves=("weight decay",),
    trials=2,
    members=2,
)


def smallest(shape):
    """A net without hidden layers: little can be grown."""
    model = keras.Sequential(
        [keras.Input(shape), layers.Flatten(), layers.Dense(10, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The folder of the logs, the last report, and what two runs said."""
    if keras.config.backend() != "torch":
        pytest.skip("how the stages are put together; each has tests on every backend")
    folder, said = tmp_path_factory.mktemp("demo"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(six_stages.PLANS, "digits", PLAN)
        patch.setattr(six_stages, "plain", smallest)
        quick = functools.partial(Recipe, ignore=[f"KR{stage}" for stage in "123456"])
        patch.setattr(six_stages, "Recipe", quick)
        for _ in range(2):
            lines = []
            report = six_stages.followed("digits", folder, lines.append)
            said.append(("\n".join(lines), journals(folder)))
    return folder / "digits-torch", report, said


def journals(folder):
    return {path.name: path.read_text() for path in sorted(folder.rglob("*.jsonl"))}


def test_every_stage_says_what_it_gained_in_the_report_and_on_its_page(demo):
    folder, report, ((text, _), _) = demo
    page = (folder / "report.html").read_text()
    for stage in "3456":
        gained = report.facts[f"stage {stage} gained"]
        assert gained in page or gained.replace(">", "&gt;") in page
        assert f"<h2>{stage}. " in page
    assert re.search(r"test loss [\d.]+ -&gt; [\d.]+ .* % right .* on 397 rows", page)
    assert "training loss" in report.facts["stage 3 gained"]
    assert re.match(r"test loss [\d.]+, [\d.]+ % right on 397 rows", report.facts["stage 2"])
    assert "What each stage gained" in text
    assert "128 digits images to train on and 64 to choose by" in text


def test_the_trials_are_runs_of_tensorboard_with_their_hyperparameters(demo):
    folder, _, _ = demo
    for stage in ("ladder", "regularize/ladder", "tune/trials"):
        runs = [one for one in (folder / stage).iterdir() if one.is_dir()]
        assert runs
        for run in runs:
            plugins = {
                value.metadata.plugin_data.plugin_name
                for event in board_reader.events(run)
                for value in event.summary.value
            }
            assert "hparams" in plugins
            assert board_reader.scalars(run / "train")["epoch_loss"]
    tags = {
        value.tag
        for event in board_reader.events(folder / "report")
        for value in event.summary.value
    }
    assert "recipe/checklist" in str(tags)


def test_started_again_nothing_is_trained_twice(demo):
    _, _, ((_, before), (_, after)) = demo
    assert before == after
    assert {"overfit.jsonl", "regularize.jsonl", "tune.jsonl"} <= set(before)


def test_a_fail_ends_it_with_its_report(monkeypatch, tmp_path):
    fail = Report([failed("the labels are shuffled", code="KR999", name="made_up")])

    class Stopped(Recipe):
        def data(self):
            self._ground.report = fail
            return fail

        def baseline(self, **_):
            msg = "Stage 2 does not start while stage 1 FAILs"
            raise RecipeFailed(msg)

    monkeypatch.setattr(six_stages, "Recipe", Stopped)
    said = []
    assert six_stages.followed("digits", tmp_path, said.append) is fail
    assert "Stage 2 does not start while stage 1 FAILs" in said
    page = tmp_path / f"digits-{keras.config.backend()}" / "report.html"
    assert "the labels are shuffled" in page.read_text()


def test_rows_are_drawn_and_none_is_there_twice(monkeypatch):
    x, y = np.arange(100.0).reshape(100, 1, 1, 1), np.arange(100)
    monkeypatch.setitem(
        datasets.DATASETS, "digits", lambda: ((x[:80], y[:80]), (x[80:], y[80:]))
    )
    plan = dataclasses.replace(PLAN, train=40, validation=20)
    monkeypatch.setattr(six_stages, "plain", smallest)
    recipe, text = six_stages.recipe_on("digits", plan)
    drawn = recipe._ground.rows
    parts = [drawn.train().y, drawn.held().y, drawn.test().y]
    assert [len(part) for part in parts] == [40, 20, 20]
    assert len(set(np.concatenate(parts))) == 80
    assert list(parts[0]) != sorted(parts[0])
    assert "drawn from 80" in text


def test_every_data_set_has_a_plan_that_its_rows_suffice_for():
    assert set(six_stages.PLANS) == set(datasets.DATASETS)
    (x, _), _ = datasets.digits()
    plan = six_stages.PLANS["digits"]
    assert plan.train + plan.validation <= len(x)
