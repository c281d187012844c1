import keras
import numpy as np
import pytest
import sick
from healthy import BUILDERS
from specimens import classifier, digits, examine

from keras_recipe.checks.baseline.kr208_input_independent import input_independent
from keras_recipe.core.errors import NotApplicable


def verdict(program, thresholds=None):
    model, x, y, settings = program
    return examine(input_independent, model, x, y, thresholds, **settings)


def test_dead_units_make_predictions_the_same_and_fail():
    result = verdict(sick.dead_relus())
    assert result.status == "fail"
    assert result.evidence["spread"] < 1e-6


@pytest.mark.parametrize(
    "name", ["softmax_regression", "linear_hinge", "autoencoder", "converged"]
)
def test_healthy_programs_beat_the_best_constant(name):
    result = verdict(BUILDERS[name]())
    assert result.status == "pass"
    assert result.measured < result.expected


def test_the_bound_is_the_entropy_of_the_labels():
    x, y = digits()
    result = verdict((classifier(), x[:256], y[:256], {"epochs": 20}))
    share = np.bincount(y[:256]) / 256
    assert result.expected == pytest.approx(-(share * np.log(share)).sum(), rel=1e-3)


def test_labels_without_inputs_warn_only_when_the_plan_is_done():
    random = np.random.RandomState(0)
    x = random.normal(size=(2000, 1)).astype("float32")
    y = random.randint(0, 2, 2000).astype("int32")

    def program(epochs):
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [keras.Input((1,)), keras.layers.Dense(2, activation="softmax")]
        )
        model.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy")
        return model, x, y, {"epochs": epochs, "batch_size": 128}

    assert verdict(program(3), {"least_gain": 0.1}).status == "warn"
    assert verdict(program(50), {"least_gain": 0.1}).status == "pass"


def test_labels_that_do_not_vary_are_skipped():
    x, y = digits()
    with pytest.raises(NotApplicable, match="do not vary"):
        verdict((classifier(), x[:64], np.zeros_like(y[:64]), {}))
