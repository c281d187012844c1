"""Axes merged by reshape fail by their other reading; whether places matter is said."""

import healthy
import numpy as np
import pytest
from keras import layers
from specimens import compiled, digits, examine

from keras_recipe.checks.data.kr116_position import position
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def waves(rows=300, channels=3, steps=32):
    """Series `(rows, channels, steps)` of three speeds, and their classes."""
    random = np.random.default_rng(0)
    y = random.integers(0, 3, rows)
    speed = np.array([0.1, 0.2, 0.4])[y][:, None, None]
    phase = random.uniform(0, 6.28, (rows, channels, 1))
    x = np.sin(speed * np.arange(steps) + phase) + 0.1 * random.normal(
        size=(rows, channels, steps)
    )
    return x.astype("float32"), y


def convolved(*before, shape):
    stack = (
        *before,
        layers.Conv1D(8, 5, activation="relu"),
        layers.GlobalMaxPooling1D(),
        layers.Dense(3, activation="softmax"),
    )
    return compiled(*stack, shape=shape)


def test_a_reshape_in_the_model_fails_and_a_permute_passes():
    x, y = waves()
    sick = convolved(layers.Reshape((32, 3)), shape=(3, 32))
    result = examine(position, sick, x, y)
    assert result.status is Status.FAIL
    assert "3 x 32" in result.message
    assert result.measured < result.expected
    healed = convolved(layers.Permute((2, 1)), shape=(3, 32))
    result = examine(position, healed, x, y)
    assert result.status is Status.PASS
    assert "places do not matter" in result.message


def test_reshaped_data_fails_where_the_network_sees_places():
    x, y = waves()
    scrambled = x.reshape(len(x), 32, 3)
    result = examine(position, convolved(shape=(32, 3)), scrambled, y)
    assert result.status is Status.FAIL
    assert "reshape(len(x), 3, 32).transpose(0, 2, 1)" in result.fix.code
    fine = np.ascontiguousarray(x.transpose(0, 2, 1))
    assert examine(position, convolved(shape=(32, 3)), fine, y).status is Status.PASS


def test_a_dense_network_does_not_mind():
    x, y = waves()
    stack = layers.Flatten(), layers.Dense(3, activation="softmax")
    model = compiled(*stack, shape=(32, 3))
    assert examine(position, model, x.reshape(len(x), 32, 3), y).status is Status.WARN


def test_places_matter_for_digits():
    x, y = (part[:400] for part in digits(flat=False))
    stack = layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(10, activation="softmax")
    model = compiled(*stack, shape=(8, 8, 1))
    assert "places matter" in examine(position, model, x, y).message
    loose = examine(position, model, x, y, {"clear": 1.0})
    assert loose.status is Status.PASS
    assert "matter" not in loose.message


@pytest.mark.parametrize(
    "name",
    ["batch_norm_images", "separable_convolutions", "pixels", "stateful_recurrence"],
)
def test_healthy_programs_pass(name):
    model, x, y, settings = healthy.BUILDERS[name]()
    assert examine(position, model, x, y, **settings).status is Status.PASS


def test_tables_and_tokens_are_not_judged():
    for name in ("linear_regression", "masked_tokens"):
        model, x, y, settings = healthy.BUILDERS[name]()
        with pytest.raises(NotApplicable, match="picture"):
            examine(position, model, x, y, **settings)
