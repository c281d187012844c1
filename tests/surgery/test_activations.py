"""An activation is named by identity or by its numbers, whatever it is written with."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_recipe.surgery.activations import activation_name, name_by_numbers


@pytest.mark.parametrize(
    ("fn", "name"),
    [
        (None, "linear"),
        (keras.activations.relu, "relu"),
        (lambda x: x, "linear"),
        (lambda x: ops.sigmoid(x), "sigmoid"),
        (lambda x: ops.clip(x, 0, 6), "relu6"),
        (lambda x: ops.sigmoid(x / 3), "unknown"),
        (lambda x: x[:, :1], "unknown"),
        (lambda x: ops.softmax(x, axis=0), "unknown"),
        (ops.exp, "exponential"),
        (ops.tanh, "tanh"),
        (layers.Softmax(), "softmax"),
        (layers.LeakyReLU(0.3), "leaky_relu"),
        (layers.ReLU(max_value=6.0), "relu6"),
        (layers.ELU(), "elu"),
    ],
)
def test_names(fn, name):
    assert activation_name(fn) == name


def test_the_last_axis_counts():
    assert activation_name(lambda x: ops.softmax(x, axis=-1), rank=3) == "softmax"
    assert activation_name(lambda x: ops.softmax(x, axis=1), rank=3) == "unknown"


def test_what_raises_is_unknown():
    def broken(x):
        raise RuntimeError

    assert activation_name(broken) == "unknown"


def test_arrays_of_any_size_are_compared():
    for size in (1, 7, 256, 1000):
        values = np.linspace(-4, 4, size).astype("float32").reshape(-1, 1)
        assert name_by_numbers(values, np.maximum(values, 0) + 0.5) == "unknown"
        assert name_by_numbers(values, np.tanh(values)) == "tanh"
    assert name_by_numbers(values, values[:3]) == "unknown"
