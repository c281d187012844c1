"""Trainable weights that keep every bit: cut off, or still by construction."""

import warnings

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.callbacks import RecipeMonitor
from keras_recipe.callbacks.trace import Trace
from keras_recipe.checks.overfit.kr317_frozen_weights import frozen_weights
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


class Cut(layers.Layer):
    def call(self, x):
        return keras.ops.stop_gradient(x)


def trained(*stack, rate=0.05, shape=(4,), dtype="float32", loss="mse"):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).integers(0, 9, size=(64, *shape)).astype(dtype)
    model = keras.Sequential(
        [keras.Input(shape, dtype=dtype), *stack, layers.Dense(1, name="head")]
    )
    model.compile(keras.optimizers.Adam(rate), loss)
    monitor = RecipeMonitor()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras, of gradients that do not exist; and our own
        model.fit(
            x, np.arange(64.0) % 7, epochs=4, batch_size=8, verbose=0, callbacks=[monitor]
        )
    return monitor.trace


def test_a_kernel_behind_a_cut_fails():
    result = frozen_weights(trained(layers.Dense(4, name="lost"), Cut()))
    assert result.status is Status.FAIL
    assert result.where == "lost/kernel"


@pytest.mark.parametrize(
    "stack",
    [
        [layers.Dense(4, name="hidden")],
        [layers.Dense(4, name="hidden"), layers.BatchNormalization(name="norm")],
        [layers.Dense(4, name="hidden", trainable=False)],
        [layers.Dense(4, name="hidden", kernel_initializer="zeros")],
    ],
)
def test_healthy_nets_pass(stack):
    assert frozen_weights(trained(*stack)).status is Status.PASS


def test_tokens_that_never_come_do_not_count():
    stack = [layers.Embedding(1000, 3), layers.Flatten()]
    assert frozen_weights(trained(*stack, dtype="int32")).status is Status.PASS


def test_nothing_moves_at_rate_zero():
    result = frozen_weights(trained(layers.Dense(4, name="hidden"), rate=0.0))
    assert result.status is Status.WARN  # the user's own setting
    assert "learning rate is 0" in result.cause


def made(unchanged, **fields):
    shapes = {"a/kernel": [2, 2], "a/bias": [2], "b/kernel": [2, 1], "b/scale": [3, 4]}
    known = {"epochs": [{"loss": 1.0}], "steps": [50], "learning_rate": [0.1], "shapes": shapes}
    return Trace(unchanged=unchanged, **{**known, **fields})


def norms(value):
    return {"gradient_norm": value, "last": {"gradient_norm": value}}


@pytest.mark.parametrize(
    ("trace", "status"),
    [
        (made(["a/bias"]), Status.PASS),  # a bias before a normalisation
        (made(["a/kernel"]), Status.FAIL),
        (made(["a/kernel"], weights=[{"a/kernel": norms(1e-9)}]), Status.WARN),
        (made(["a/kernel"], weights=[{"a/kernel": norms(None)}]), Status.FAIL),
        (made(["a/kernel"], program={"silent_output": True}), Status.WARN),
        (made(["a/kernel"], program={"custom_step": True}), Status.WARN),
        (made(["b/scale"]), Status.WARN),
        (made(["a/kernel", "a/bias", "b/kernel", "b/scale"]), Status.FAIL),
    ],
)
def test_only_a_kernel_without_gradient_is_proof(trace, status):
    assert frozen_weights(trace).status is status


def test_a_still_bias_is_named():
    assert "a/bias" in frozen_weights(made(["a/bias"])).message


@pytest.mark.parametrize("trace", [made(None), made([], steps=[None]), made([], steps=[19])])
def test_what_is_not_known_is_not_judged(trace):
    with pytest.raises(NotApplicable):
        frozen_weights(trace)
