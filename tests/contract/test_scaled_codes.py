"""Class numbers that were scaled, and amounts that were not classes before."""

import numpy as np
import pytest
from keras import layers
from specimens import cancer, compiled, diabetes, digits, examine

from keras_recipe.checks.baseline.kr203_labels_and_loss import labels_and_loss
from keras_recipe.core.result import Status

BCE = "binary_crossentropy"


def judged(y, activation, loss, metrics, x=None):
    x = digits()[0] if x is None else x
    head = layers.Dense(1, activation=activation)
    model = compiled(head, shape=x.shape[1:], loss=loss, metrics=metrics)
    return examine(labels_and_loss, model, x, y.astype("float32"))


def standard(y):
    return (y - y.mean()) / y.std()


@pytest.mark.parametrize(
    ("change", "activation", "loss"),
    [
        (lambda y: standard(y % 2), "tanh", "mse"),
        (lambda y: standard(y % 5), None, "mse"),
        (lambda y: (y % 5) / 4, "sigmoid", BCE),
        (lambda y: y / 9, "sigmoid", "mse"),
    ],
    ids=["two standardised", "five standardised", "five from 0 to 1", "ten from 0 to 1"],
)
def test_scaled_class_numbers_warn(change, activation, loss):
    result = judged(change(digits()[1]), activation, loss, ["accuracy"])
    assert result.status is Status.WARN
    assert "evenly spaced" in result.message
    assert judged(change(digits()[1]), activation, loss, None).status is Status.PASS


@pytest.mark.parametrize(
    ("change", "activation", "loss"),
    [
        (lambda y: y % 2, "sigmoid", BCE),
        (lambda y: 2 * (y % 2) - 1, "tanh", "hinge"),
        (lambda y: 0.1 + 0.8 * (y % 2), "sigmoid", BCE),
        (lambda y: 0.9 * (y % 2), "sigmoid", BCE),
        (lambda y: np.sqrt(y), None, "mse"),
    ],
    ids=["0 and 1", "signs", "smoothed", "smoothed on one side", "uneven"],
)
def test_other_labels_do_not(change, activation, loss):
    assert judged(change(digits()[1]), activation, loss, ["accuracy"]).status is Status.PASS


def test_amounts_do_not():
    x, y = diabetes()
    assert judged(y / 7, None, "mse", ["accuracy"], x).status is Status.PASS
    x, y = cancer()
    assert judged(y, "sigmoid", BCE, ["accuracy"], x).status is Status.PASS
