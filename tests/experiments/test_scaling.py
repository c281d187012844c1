"""Inputs far from unit scale, measured where weights meet them."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keras_recipe.data.batch import Batch
from keras_recipe.experiments.scaling import input_scales, rescaled, scale_of

RANDOM = np.random.default_rng(0)
TABLE = RANDOM.normal([0, 40, 60000], [1, 12, 9000], (200, 3)).astype("float32")
PIXELS = (RANDOM.random((200, 64)) * (RANDOM.random((200, 64)) < 0.6) * 255).astype("float32")


def model(shape, *stack, dtype="float32"):
    made = keras.Sequential([keras.Input(shape, dtype=dtype), *stack])
    made.compile("adam", "mse")
    return made


def scales(x, *stack, **settings):
    return input_scales(model(x.shape[1:], *stack, L.Dense(2), **settings), Batch(x))


def test_mean_and_deviation_of_each_feature():
    found = scales(TABLE)[0]
    np.testing.assert_allclose(found.mean, TABLE.astype("float64").mean(0), rtol=1e-6)
    np.testing.assert_allclose(found.std, TABLE.astype("float64").std(0), rtol=1e-6)
    assert found.size == pytest.approx(TABLE[:, 2].mean(), rel=1e-5)
    assert "feature 2" in found.text
    assert found.name(TABLE) == "x"


def test_pixels_in_a_table_are_one_quantity():
    found = scales(PIXELS)[0]
    assert found.std == pytest.approx(PIXELS.std(), rel=1e-5)


@pytest.mark.parametrize(
    ("x", "stack", "far"),
    [
        (TABLE, (), True),
        ((TABLE - TABLE.mean(0)) / TABLE.std(0), (), False),
        (PIXELS, (), True),
        (PIXELS, (L.Rescaling(1 / 255),), False),
        (PIXELS / 255, (), False),
        (PIXELS / 255 / 255, (), True),
        (PIXELS / 255, (L.Rescaling(1 / 127.5, -1),), True),
        (np.eye(300, dtype="float32")[np.arange(600) % 300], (), False),
        (RANDOM.normal(size=(99, 6)) * np.array([1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1.0]), (), True),
        (
            RANDOM.normal(size=(99, 6)) * np.array([0.05, 0.05, 0.05, 0.05, 0.05, 1.0]),
            (),
            False,
        ),
    ],
)
def test_what_is_far_from_unit_scale(x, stack, far):
    assert scales(x, *stack)[0].is_far(10.0, 0.05) is far


@pytest.mark.parametrize(
    "stack", [(), (L.Rescaling(1 / 127.5, -1),), (L.Rescaling(0.01, 3.0), L.Rescaling(2.0))]
)
@pytest.mark.parametrize("x", [TABLE, PIXELS, RANDOM.uniform(0, 255, (50, 5, 5, 3))])
def test_rescaled_inputs_arrive_standardised(x, stack):
    x = x.astype("float32")
    made = model(x.shape[1:], *stack, L.Dense(2))
    found = input_scales(made, Batch(x))
    again = input_scales(made, Batch(rescaled(x, found)))[0]
    np.testing.assert_allclose(again.mean, 0, atol=0.02)
    np.testing.assert_allclose(again.std, 1, rtol=0.02)


def test_other_arithmetic_is_standardised_from_the_outside():
    x = np.abs(TABLE) + 1
    found = scale_of(0, x, np.log(x), "dense")
    made = rescaled(x, [found])
    np.testing.assert_allclose(made.mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(made.std(0), 1, rtol=1e-3)


def test_the_others_are_left_alone():
    x = [TABLE, np.arange(200)[:, None]]
    found = scale_of(0, TABLE, TABLE, "")
    assert rescaled(x, [found])[1] is x[1]


def test_what_has_no_scale():
    assert scales(TABLE, L.BatchNormalization()) == []
    assert scales(TABLE, L.LayerNormalization()) == []
    words = np.arange(400).reshape(100, 4) % 30
    assert scales(words, L.Embedding(30, 2), L.Flatten()) == []
    assert scale_of(0, np.ones((9, 2)), np.ones((9, 2)), "") is None


def test_numbers_without_a_feature_axis():
    x = TABLE[:, 1]
    made = rescaled(x, [scale_of(0, x, x, "")])
    assert made.shape == x.shape
    assert made.mean() == pytest.approx(0, abs=1e-4)
