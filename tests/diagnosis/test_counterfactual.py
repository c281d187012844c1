import keras
import numpy as np
import pytest
import sick
from healthy import PLAN, some_digits
from keras import layers as L
from specimens import classifier, compiled, diabetes

from keras_recipe.examine import check
from keras_recipe.surgery.preserve import variables_of

LONG = 300.0


@pytest.fixture(autouse=True)
def _no_hurry(monkeypatch):
    """Let no slow machine cut a search short."""
    monkeypatch.setattr("keras_recipe.diagnosis.counterfactual.SECONDS", LONG)
    monkeypatch.setattr("keras_recipe.diagnosis.trial.SECONDS", LONG)


def examined(program, *select):
    model, x, y, settings = program
    return check(model, x, y, verbose=0, select=list(select), budget=LONG, **settings)


def state(model):
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables_of(model)]


def clipped():
    stack = L.Dense(32, activation="relu"), L.Dense(10, activation="softmax")
    optimizer = keras.optimizers.SGD(0.5, clipvalue=1e-7)
    return compiled(*stack, optimizer=optimizer), *some_digits(), PLAN


def too_fast():
    stack = L.Dense(32, activation="relu"), L.Dense(10, activation="softmax")
    return compiled(*stack, optimizer=keras.optimizers.SGD(20.0)), *some_digits(), PLAN


def clipped_loss():
    """Only answers that are nearly right are taught."""

    def some(y, p):
        each = keras.losses.sparse_categorical_crossentropy(y, p)
        return keras.ops.minimum(each, 0.01)

    return classifier(loss=some, optimizer=keras.optimizers.Adam(3e-3)), *some_digits(), PLAN


def two_faults():
    """Units that are all alike, and a rate at which not even others would learn."""
    zeros = {"kernel_initializer": "zeros"}
    stack = L.Dense(32, activation="relu", **zeros), L.Dense(10, activation="softmax", **zeros)
    model = compiled(*stack, optimizer=keras.optimizers.SGD(1e-6))
    return model, *some_digits(), PLAN


@pytest.mark.parametrize(
    ("make", "word", "cause"),
    [
        (sick.tiny_rate, "Adam", "KR302"),
        (clipped, "clipping", "KR302"),
        (too_fast, "rate", "KR302"),
        (clipped_loss, "plain loss", "KR202"),
    ],
)
def test_the_change_that_mends_is_proved_and_only_applied_when_asked(make, word, cause):
    program = model, x, y, _ = make()
    model.evaluate(x[:32], y[:32], verbose=0)  # builds the metrics
    model.optimizer.build(model.trainable_variables)
    before, optimizer, loss = state(model), model.optimizer, model.loss
    report = examined(program, "KR202", "KR209", "KR302")
    result = report["KR209"]
    assert result.status == "fail"
    assert word in result.fix.text
    assert result.fix.tried["before"] < 0.5 < 0.9 <= result.fix.tried["after"]
    assert result.evidence["tried"][-1]["explained"] >= 0.9
    assert result.explained_by == cause
    assert report[cause].status == "fail"
    assert [one.code for one in report.problems[:1]] == [cause]
    assert model.optimizer is optimizer
    assert model.loss is loss
    for one, two in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(one, two)
    result.fix.apply(model)
    assert examined(program, "KR209")["KR209"].status == "pass"


def test_a_row_that_passed_says_what_was_proved():
    report = examined(clipped_loss(), "KR202", "KR209")
    said = report["KR202"].message
    assert "this one change (use the plain loss" in said
    assert "KR209" in said
    assert "100%" in said or "9" in said
    assert report["KR202"].evidence["counterfactual"]["mends"] == "KR209"


def test_without_the_row_of_the_cause_the_failure_stands_for_itself():
    report = examined(sick.tiny_rate(), "KR209")
    assert [one.code for one in report.problems] == ["KR209"]
    assert report["KR209"].explained_by == "KR302"


def test_two_faults_are_said_to_be_two():
    program = two_faults()
    report = examined(program, "KR221", "KR209", "KR302")
    result = report["KR209"]
    assert result.status == "fail"
    assert result.cause.startswith("No single change mends it, these two together do")
    assert "initial weights" in result.fix.text
    assert "Adam" in result.fix.text
    assert {one.code for one in report.failures} == {"KR209", "KR221", "KR302"}
    assert [one.code for one in report.problems] == ["KR221", "KR302", "KR209"]
    result.fix.apply(program[0])
    assert examined(program, "KR221", "KR209", "KR302").ok


def test_what_nothing_mends_says_what_was_tried():
    narrow = [L.Dense(1, activation="relu") for _ in range(12)]
    program = compiled(*narrow, L.Dense(10, activation="softmax")), *some_digits(), PLAN
    result = examined(program, "KR209")["KR209"]
    assert result.status == "fail"
    assert result.cause.startswith("No single change tried mends it")
    assert len(result.evidence["tried"]) >= 3
    assert all(one["explained"] < 0.9 for one in result.evidence["tried"])


def test_targets_far_from_unit_scale_are_mended_by_standardising_them():
    x, y = diabetes()
    stack = L.Dense(16, activation="tanh"), L.Dense(1)
    model = compiled(*stack, shape=(10,), loss="mse", optimizer=keras.optimizers.Adam(0.01))
    result = examined((model, x, y * 1000, PLAN), "KR209")["KR209"]
    assert result.status == "fail"
    assert result.fix.text == "Standardise the targets."
    assert result.fix.action is None
    made = result.fix.apply_to_data(x, y * 1000)["y"]
    assert abs(made.mean()) < 0.2
    assert 0.8 < made.std() < 1.2


def test_an_accepted_cause_stays_accepted():
    from keras_recipe.core.result import failed, passed
    from keras_recipe.diagnosis.change import Change
    from keras_recipe.diagnosis.proof import subject_of

    change = Change(text="t", code="c", codes=("KR202", "KR203"), part="head 0")
    rows = [failed("x", code="KR202", waiver="meant"), passed("y", code="KR203")]
    assert subject_of(change, rows).code == "KR203"
    assert subject_of(change, rows[:1]) is None


def test_a_healthy_program_costs_nothing(monkeypatch):
    monkeypatch.setattr(
        "keras_recipe.diagnosis.counterfactual.changes", lambda *_: pytest.fail("looked")
    )
    model = classifier(optimizer=keras.optimizers.Adam(3e-3))
    assert examined((model, *some_digits(), PLAN), "KR202", "KR209").ok
