import keras
import pytest
import sick
from healthy import BUILDERS
from specimens import classifier, compiled, digits, examine

from keras_recipe.checks.baseline.kr219_gradient_reach import gradient_reach


def verdict(program, thresholds=None):
    model, x, y, settings = program
    return examine(gradient_reach, model, x, y, thresholds, **settings)


def test_a_stopped_gradient_fails_and_names_the_layer():
    result = verdict(sick.stopped_gradient())
    assert result.status == "fail"
    assert result.where == "cut/kernel"


def test_layers_frozen_at_random_fail_and_the_fix_trains_them():
    model, x, y, settings = sick.random_frozen()
    result = verdict((model, x, y, settings))
    assert result.status == "fail"
    assert result.fix.tried["after"] < 0.7 * result.fix.tried["before"]
    assert len(model.trainable_variables) == 2
    result.fix.apply(model)
    assert len(model.trainable_variables) == 6
    assert verdict((model, x, y, settings)).status == "pass"


def test_many_random_features_under_a_trained_head_only_warn():
    random = keras.layers.Dense(512, activation="relu", trainable=False)
    head = keras.layers.Dense(10, activation="softmax")
    model = compiled(random, head, optimizer=keras.optimizers.Adam(3e-3))
    result = verdict((model, *digits(), {"epochs": 12, "batch_size": 32}))
    assert result.status == "warn"


def test_eight_sigmoids_fail_and_the_fix_mends_them():
    program = sick.deep_sigmoids()
    result = verdict(program)
    assert result.status == "fail"
    assert result.measured < 1e-3
    result.fix.apply(program[0])
    assert verdict(program).status == "pass"


def hidden(activation):
    """Two hidden layers of a digits classifier."""
    stack = [keras.layers.Dense(64, activation=activation) for _ in range(2)]
    return compiled(*stack, keras.layers.Dense(10, activation="softmax"))


def test_hidden_softmaxes_that_stop_the_training_fail():
    result = verdict((hidden("softmax"), *digits(), {"epochs": 4, "batch_size": 32}))
    assert result.status == "fail"
    assert "share out" in result.cause


@pytest.mark.parametrize(
    "name",
    [
        "frozen_pretrained_backbone",
        "zero_head_and_branches",
        "output_without_loss",
        "converged",
    ],
)
def test_healthy_programs_pass(name):
    assert verdict(BUILDERS[name]()).status == "pass"


def test_a_model_that_is_frozen_as_a_whole_fails():
    model = classifier()
    model.trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    assert verdict((model, *digits(), {})).status == "fail"


def test_a_gradient_that_is_no_number_fails():
    inputs = keras.Input((64,))
    root = keras.ops.sqrt(keras.ops.square(keras.layers.Dense(8)(0 * inputs)))
    model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(root))
    model.compile("adam", "sparse_categorical_crossentropy")
    result = verdict((model, *digits(), {}))
    assert result.status == "fail"
    assert "NaN" in result.message
