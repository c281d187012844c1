"""Predictions that settle, and predictions that jitter."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.callbacks import PredictionDynamics
from keras_recipe.callbacks.trace import Trace
from keras_recipe.checks.baseline.kr212_prediction_dynamics import prediction_dynamics
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def recorded(*moved, kind="classes"):
    history = [[0.0, 1.0]] * (len(moved) + 1)
    return Trace(
        predictions={"kind": kind, "flips": list(moved), "history": history, "labels": [0, 1]}
    )


def trained(rate):
    keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    x = generator.normal(size=(256, 8)).astype("float32")
    y = (x @ generator.normal(size=(8, 4))).argmax(1)
    model = keras.Sequential([keras.Input((8,)), layers.Dense(4, activation="softmax")])
    model.compile(keras.optimizers.SGD(rate), "sparse_categorical_crossentropy")
    dynamics = PredictionDynamics(x[:64], y[:64])
    model.fit(x, y, epochs=9, batch_size=4, verbose=0, callbacks=[dynamics])
    return dynamics.trace


def test_a_training_that_settles_passes():
    result = prediction_dynamics(trained(0.05))
    assert result.status is Status.PASS
    assert {picture["kind"] for picture in result.pictures} == {"curves", "matrix"}


def test_jitter_late_in_training_warns():
    result = prediction_dynamics(recorded(0.1, 0.1, 0.1, 0.4, 0.5, 0.4))
    assert result.status is Status.WARN
    assert result.measured == pytest.approx(0.45)


def test_looks_far_apart_can_show_calm_but_not_jitter():
    calm, moving = recorded(*[0.1] * 6), recorded(*[0.4] * 6)
    for trace in (calm, moving):
        trace.predictions["pace"] = 3
    assert prediction_dynamics(calm).status is Status.PASS
    with pytest.raises(NotApplicable, match="pace=1"):
        prediction_dynamics(moving)


def test_early_moves_are_learning_not_jitter():
    assert prediction_dynamics(recorded(0.9, 0.8, 0.5, 0.1, 0.0, 0.0)).status is Status.PASS


@pytest.mark.parametrize(("limit", "status"), [(0.29, Status.WARN), (0.31, Status.PASS)])
def test_the_thresholds_decide(limit, status):
    assert prediction_dynamics(recorded(*[0.3] * 6), flips=limit).status is status
    values = recorded(*[0.3] * 6, kind="values")
    assert prediction_dynamics(values, moves=limit).status is status


@pytest.mark.parametrize("trace", [Trace(), recorded(0.9, 0.9)])
def test_too_little_says_nothing(trace):
    with pytest.raises(NotApplicable):
        prediction_dynamics(trace)
