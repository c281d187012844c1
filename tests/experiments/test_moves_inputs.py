"""Less of each row: half the pixels, or the features whose shuffling costs something."""

import warnings

import keras
import numpy as np
import pytest
from keras import layers as L
from sklearn.exceptions import DataConversionWarning

from keras_recipe.core.errors import NotApplicable
from keras_recipe.experiments.moves_inputs import smaller_input
from keras_recipe.experiments.program import Program
from keras_recipe.subject import Subject

RANDOM = np.random.default_rng(0)


def planned(model, x, y):
    found = Subject(model, x, y)
    program = Program(
        model=model, task=found.task, sample=found.sample, steps=50, batch_size=32
    )
    return smaller_input(program)


def rows(count=300, features=10):
    x = RANDOM.normal(size=(count, features)).astype("float32")
    return x, (x[:, 2] + x[:, 5] > 0).astype("int32")


def build(shape, *stack):
    model = keras.Sequential([keras.Input(shape), *stack, L.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def test_features_that_hold_nothing_are_left_out():
    x, y = rows()
    (move,) = planned(build((10,), L.Dense(8)), x, y)
    made = move.change(build((10,), L.Dense(8)))
    assert {2, 5} <= set(made.layers[0].indices)
    assert len(made.layers[0].indices) < 6
    made.fit(x, y, verbose=0)


def test_where_each_feature_counts_nothing_is_left_out():
    x, y = rows()
    with pytest.raises(NotApplicable, match="each feature counts"):
        planned(build((2,), L.Dense(8)), x[:, [2, 5]], y)
    with pytest.raises(NotApplicable, match="fewer than 64"):
        planned(build((10,), L.Dense(8)), x[:32], y[:32])


def test_images_lose_half_their_pixels_and_the_rest_is_built_anew():
    x = RANDOM.normal(size=(16, 12, 12, 1)).astype("float32")
    stack = (L.Conv2D(3, 3, name="c"), L.Flatten())
    model = build((12, 12, 1), *stack)
    (move,) = planned(model, x, np.arange(16) % 2)
    made = move.change(model)
    assert made.get_layer("c").output.shape[1:3] == (4, 4)
    np.testing.assert_array_equal(
        made.get_layer("c").get_weights()[0], model.get_layer("c").get_weights()[0]
    )
    assert "6 x 6 pixels in place of 12 x 12" in move.text


def test_images_that_would_become_too_small_stay():
    x = RANDOM.normal(size=(16, 6, 6, 1)).astype("float32")
    with pytest.raises(NotApplicable, match="fewer than 8 pixels"):
        planned(build((6, 6, 1), L.Flatten()), x, np.arange(16) % 2)
    x = RANDOM.normal(size=(16, 8, 8, 1)).astype("float32")
    deep = build((8, 8, 1), L.Conv2D(2, 5), L.Conv2D(2, 2), L.Flatten())
    with pytest.raises(NotApplicable, match="cannot be built anew"):
        planned(deep, x, np.arange(16) % 2)


def test_one_column_of_numbers_is_learned_without_a_word():
    x, _ = rows()
    model = keras.Sequential([keras.Input((10,)), L.Dense(8), L.Dense(1)])
    model.compile("adam", "mse")
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataConversionWarning)
        (move,) = planned(model, x, x[:, 2:3] + x[:, 5:6])
    assert move.name == "fewer features"
