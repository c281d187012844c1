"""Linear maps are told from all others by asking."""

import keras
import numpy as np
import pytest
import specimens
from keras import layers as L

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.affine import is_affine

TINY = {"kernel_initializer": keras.initializers.RandomNormal(stddev=1e-3)}


def rows(shift=0.0, shape=(8,)):
    return Batch((np.random.RandomState(0).rand(40, *shape) + shift).astype("float32"))


def asked(*stack, shift=0.0, shape=(8,)):
    return is_affine(keras.Sequential([keras.Input(shape), *stack]), rows(shift, shape))


@pytest.mark.parametrize("head", [None, "sigmoid", "softmax", "tanh"])
def test_linear_layers_are_one_map_behind_any_head(head):
    assert asked(L.Dense(16), L.BatchNormalization(), L.Dense(3, activation=head))
    assert not asked(L.Dense(16, activation="relu"), L.Dense(3, activation=head))


@pytest.mark.parametrize("shift", [0.0, 20.0])
def test_linear_layers_are_one_map_at_any_place(shift):
    assert asked(L.Rescaling(300.0), L.Dense(16), L.Dense(1), shift=shift)
    assert not asked(L.Dense(16, activation="relu"), L.Dense(1), shift=shift)


def test_a_convolution_is_linear_and_a_pool_of_maxima_is_not():
    assert asked(L.Conv1D(8, 3), L.Flatten(), L.Dense(2), shape=(8, 1))
    stack = L.Conv1D(8, 3), L.MaxPooling1D(), L.Flatten(), L.Dense(2)
    assert not asked(*stack, shape=(8, 1))


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "silu", "softplus", "leaky_relu"])
def test_bends_are_seen_where_weights_are_tiny(activation):
    assert not asked(L.Dense(16, activation=activation, **TINY), L.Dense(1, **TINY))


def test_one_value_for_everything_is_no_map():
    assert not asked(L.Dense(16), L.Dense(1, kernel_initializer="zeros"))


@pytest.mark.parametrize(("activation", "straight"), [("relu", False), (None, True)])
def test_a_branch_that_starts_at_zero_may_bend_later(activation, straight):
    inputs = keras.Input((8,))
    hidden = L.Dense(16)(inputs)
    branch = L.Dense(16, kernel_initializer="zeros")(L.Dense(16, activation=activation)(hidden))
    model = keras.Model(inputs, L.Dense(3, activation="softmax")(L.Add()([hidden, branch])))
    before = model.get_weights()
    assert is_affine(model, rows()) is straight
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


def test_numbers_of_words_are_not_asked():
    with pytest.raises(NotApplicable, match="real numbers"):
        is_affine(specimens.classifier(), Batch(np.zeros((8, 64), "int32")))
