"""NaN and infinity while training: where they began, and whether they were survived."""

import json
import math

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.callbacks import RecipeMonitor
from keras_recipe.callbacks.trace import Trace
from keras_recipe.checks.overfit.kr310_non_finite import non_finite
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

SHAPES = {"a/kernel": [2, 3], "a/bias": [3], "b/kernel": [3, 1]}


def watched(optimizer, loss="mse", rows=64, **fit):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(rows, 4)).astype("float32")
    model = keras.Sequential([keras.Input((4,)), layers.Dense(8), layers.Dense(1)])
    model.compile(optimizer, loss)
    monitor = RecipeMonitor(on_fail="stop")
    model.fit(x, x.sum(1), epochs=6, batch_size=8, verbose=0, callbacks=[monitor], **fit)
    return monitor.trace


def test_a_rate_that_explodes_fails_and_is_blamed():
    result = non_finite(watched(keras.optimizers.SGD(5.0)))
    assert result.status is Status.FAIL
    assert "learning rate" in result.cause
    assert result.measured > 0
    assert result.where.startswith("dense")
    json.dumps(result.to_dict(), allow_nan=False)


def test_a_nan_before_any_update_is_blamed_on_data_or_loss():
    def broken(y, p):
        return keras.ops.mean(keras.ops.log(p - p), axis=-1)

    result = non_finite(watched("sgd", loss=broken))
    assert result.status is Status.FAIL
    assert result.measured == 0
    assert "before any update" in result.cause


def test_a_healthy_training_passes():
    assert non_finite(watched(keras.optimizers.SGD(0.01))).status is Status.PASS


def test_the_weight_nearest_to_the_cause_is_named():
    trace = Trace(
        epochs=[{"loss": math.nan}],
        shapes=SHAPES,
        first_bad={"step": 7, "weights": ["a/kernel", "a/bias"]},
        bad_weights=list(SHAPES),
        tail=[1.0, 1.1, 0.9, math.nan],
    )
    result = non_finite(trace)
    assert result.where == "a/bias"
    assert "step 7" in result.message
    assert "2 of 3 weights" in result.message
    assert "without warning" in result.cause


@pytest.mark.parametrize(
    "trace",
    [
        Trace(epochs=[{"loss": math.inf}, {"loss": 1.0}], optimizer={"scales_loss": True}),
        Trace(
            epochs=[{"loss": 1.0}], first_bad={"step": 3, "weights": ["a/bias"]}, shapes=SHAPES
        ),
    ],
)
def test_what_was_survived_is_a_warning(trace):
    assert non_finite(trace).status is Status.WARN


def test_a_metric_that_is_nan_is_no_failure():
    assert non_finite(Trace(epochs=[{"loss": 1.0, "auc": math.nan}])).status is Status.PASS


@pytest.mark.parametrize(("growth", "blamed"), [(40.0, True), (60.0, False)])
def test_the_threshold_decides_on_the_blame(growth, blamed):
    trace = Trace(
        epochs=[{"loss": math.nan}],
        shapes=SHAPES,
        first_bad={"step": 7, "weights": list(SHAPES)},
        bad_weights=list(SHAPES),
        tail=[1.0, 50.0],
    )
    assert ("learning rate" in non_finite(trace, growth=growth).cause) is blamed


def test_without_a_loss_there_is_nothing_to_judge():
    with pytest.raises(NotApplicable):
        non_finite(Trace(epochs=[{"other": 1.0}]))
