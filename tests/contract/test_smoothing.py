"""Labels smoothed so far that the loss no longer asks for them."""

import keras
import numpy as np
import pytest
from keras import layers
from specimens import compiled, digits, examine

from keras_recipe.checks.baseline.kr202_head_and_loss import head_and_loss
from keras_recipe.core.result import Status

losses = keras.losses


def judged(loss, units=10):
    x, y = digits()
    head = layers.Dense(units, activation="softmax" if units > 1 else "sigmoid")
    y = keras.utils.to_categorical(y, units) if units > 1 else (y > 2).astype("float32")
    return examine(head_and_loss, compiled(head, shape=x.shape[1:], loss=loss), x, y)


@pytest.mark.parametrize("smoothing", [1.0, 1.5])
@pytest.mark.parametrize(
    ("kind", "units"),
    [
        (losses.CategoricalCrossentropy, 10),
        (losses.BinaryCrossentropy, 1),
        (losses.BinaryFocalCrossentropy, 1),
    ],
)
def test_a_label_smoothed_away_fails(kind, units, smoothing):
    result = judged(kind(label_smoothing=smoothing), units)
    assert result.status is Status.FAIL
    assert ("opposite" in result.message) is (smoothing > 1)


def test_what_the_message_says_the_loss_asks_for_is_its_minimum():
    loss = losses.BinaryCrossentropy(label_smoothing=0.8)
    result = judged(loss, 1)
    assert result.status is Status.WARN
    assert "asks for 0.6" in result.message
    said = np.linspace(0.01, 0.99, 99)
    costs = [float(loss(np.array([[1.0]]), np.array([[one]]))) for one in said]
    assert said[int(np.argmin(costs))] == pytest.approx(0.6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_usual_smoothing_passes(smoothing):
    assert judged(losses.CategoricalCrossentropy(label_smoothing=smoothing)).status == "pass"
    assert judged(losses.BinaryCrossentropy(label_smoothing=smoothing), 1).status == "pass"


def test_a_loss_of_the_users_own_is_not_read():
    class Own(losses.BinaryCrossentropy):
        """Its `call` may do anything with the number."""

        def call(self, y_true, y_pred):
            return keras.ops.mean(keras.ops.square(y_true - y_pred), -1)

    assert "label_smoothing" not in judged(Own(label_smoothing=1.0), 1).message
