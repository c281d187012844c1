"""A flat loss: proved to be one that learns nothing, or only looked at."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.callbacks import RecipeMonitor
from keras_recipe.callbacks.trace import Trace
from keras_recipe.checks.overfit.kr313_not_learning import not_learning
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

DEAD = [{"spread": 0.0, "scale": 0.5}]
ALIVE = [{"spread": 0.1, "scale": 0.5}]


def trace(*losses, **fields):
    known = {"steps": [20] * len(losses), "learning_rate": [1e-3] * len(losses), "penalty": 0.0}
    return Trace(epochs=[{"loss": float(loss)} for loss in losses], **{**known, **fields})


def flat(**fields):
    return trace(0.70, 0.69, 0.70, 0.69, **fields)


def trained(bias, epochs=4):
    """A classifier whose hidden units are dead if the bias is far below zero."""
    keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    x = generator.normal(size=(256, 4)).astype("float32")
    y = (x.sum(1) > 0).astype("int32")
    hidden = layers.Dense(
        8, activation="relu", bias_initializer=keras.initializers.Constant(bias)
    )
    model = keras.Sequential([keras.Input((4,)), hidden, layers.Dense(2, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    monitor = RecipeMonitor(probe=(x[:32], y[:32]), on_fail="stop")
    model.fit(x, y, epochs=epochs, batch_size=16, verbose=0, callbacks=[monitor])
    return monitor.trace


def test_dead_units_fail():
    result = not_learning(trained(-100.0))
    assert result.status is Status.FAIL
    assert "same for every input" in result.cause


def test_a_net_that_learns_passes():
    assert not_learning(trained(0.0)).status is Status.PASS


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"outputs": ALIVE, "program": {"labels_vary": True}, "constant_loss": 0.693},
        {"outputs": DEAD, "program": {"labels_vary": False}},
        {"outputs": DEAD, "program": {"labels_vary": True}, "steps": [1] * 4},
        {"outputs": DEAD, "program": {"labels_vary": True}, "learning_rate": [0.0] * 4},
        {"outputs": DEAD, "program": {"labels_vary": True, "custom_step": True}},
    ],
)
def test_a_flat_loss_alone_only_warns(fields):
    assert not_learning(flat(**fields)).status is Status.WARN


def norms(gradient, ratio):
    return [{"a/kernel": {"gradient_norm": gradient, "update_ratio": ratio}}]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"weights": norms(0.0, 0.0), "constant_loss": 0.69}, Status.FAIL),
        ({"weights": norms(0.0, 0.0)}, Status.WARN),  # a hinge loss of 0 has no gradient
        ({"weights": norms(1.0, 1e-9), "constant_loss": 0.69}, Status.FAIL),
        ({"weights": norms(1.0, 1e-3), "constant_loss": 0.69}, Status.WARN),
        (
            {
                "weights": norms(1.0, 1e-9),
                "constant_loss": 0.69,
                "learning_rate": [1e-9, 2e-9, 3e-9, 4e-9],  # warming up
            },
            Status.WARN,
        ),
    ],
)
def test_still_weights_prove_it(fields, status):
    assert not_learning(flat(shapes={"a/kernel": [2, 2]}, **fields)).status is status


def test_a_loss_that_began_at_its_floor_passes():
    made = trace(0.050, 0.049, 0.051, 0.050, constant_loss=0.69, outputs=ALIVE)
    assert not_learning(made).status is Status.PASS


def test_two_epochs_say_nothing():
    with pytest.raises(NotApplicable):
        not_learning(trace(1.0, 1.0))
