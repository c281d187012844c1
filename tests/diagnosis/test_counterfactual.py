import keras
import numpy as np
import pytest
import sick
from healthy import PLAN, some_digits
from keras import layers as L
from specimens import compiled, diabetes

from keras_recipe.diagnosis.counterfactual import changes
from keras_recipe.examine import check
from keras_recipe.surgery.preserve import variables_of


def state(model):
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables_of(model)]


def clipped():
    stack = L.Dense(32, activation="relu"), L.Dense(10, activation="softmax")
    optimizer = keras.optimizers.SGD(0.5, clipvalue=1e-7)
    return compiled(*stack, optimizer=optimizer), *some_digits(), PLAN


def too_fast():
    stack = L.Dense(32, activation="relu"), L.Dense(10, activation="softmax")
    return compiled(*stack, optimizer=keras.optimizers.SGD(20.0)), *some_digits(), PLAN


@pytest.mark.parametrize(
    ("make", "word"), [(sick.tiny_rate, "Adam"), (clipped, "clipping"), (too_fast, "rate")]
)
def test_the_change_that_mends_is_found_and_only_applied_when_asked(make, word):
    model, x, y, settings = make()
    model.evaluate(x[:32], y[:32], verbose=0)  # builds the metrics
    model.optimizer.build(model.trainable_variables)
    before, optimizer = state(model), model.optimizer
    result = check(model, x, y, verbose=0, select=["KR209"], **settings)["KR209"]
    assert result.status == "fail"
    assert word in result.fix.text
    assert result.fix.tried["after"] < result.fix.tried["before"]
    assert result.evidence["tried"][-1]["explained"] >= 0.9
    assert model.optimizer is optimizer
    for one, two in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(one, two)
    result.fix.apply(model)
    again = check(model, x, y, verbose=0, select=["KR209"], **settings)["KR209"]
    assert again.status == "pass"


def test_what_nothing_mends_says_what_was_tried():
    model, x, y, settings = sick.dead_relus()
    result = check(model, x, y, verbose=0, select=["KR209"], **settings)["KR209"]
    assert result.status == "fail"
    assert result.cause.startswith("No single change tried mends it")
    assert len(result.evidence["tried"]) >= 3
    assert all(one["explained"] < 0.9 for one in result.evidence["tried"])


def test_targets_far_from_unit_scale_are_mended_by_standardising_them():
    x, y = diabetes()
    stack = L.Dense(16, activation="tanh"), L.Dense(1)
    model = compiled(*stack, shape=(10,), loss="mse", optimizer=keras.optimizers.Adam(0.01))
    result = check(model, x, y * 1000, verbose=0, select=["KR209"], **PLAN)["KR209"]
    assert result.status == "fail"
    assert result.fix.text == "Standardise the targets."
    assert result.fix.action is None


def test_only_what_applies_is_offered():
    from specimens import subject

    model, x, y, _ = sick.all_linear()
    made = subject(model, x, y)
    offered = " ".join(one.text for one in changes(model, made.probe, made.task))
    assert "rate" in offered
    assert not any(word in offered for word in ("inputs", "targets", "clipping", "trainable"))
