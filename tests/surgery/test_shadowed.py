"""Calls go through what stands around a layer, and afterwards nothing does."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.core.errors import InputError
from keras_recipe.surgery.shadowed import shadowed

X = np.ones((2, 3), "float32")


def noting(notes):
    def around(path, layer):
        own = layer.call

        def call(inputs):
            notes.append(path)
            return own(inputs)

        return call

    return around


def test_each_call_is_seen_once_and_nothing_stays():
    one, notes = layers.Dense(2), []
    with shadowed([("one", one), ("again", one)], noting(notes)):
        seen = one(X)
        with shadowed([("inner", one)], noting(notes)):
            one(X)
        one(X)
    assert notes == ["one"] * 3
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(seen), keras.ops.convert_to_numpy(one(X))
    )
    assert notes == ["one"] * 3
    assert "call" not in vars(one)


def test_a_call_of_the_users_own_stays_and_an_error_leaves_nothing():
    one, two = layers.Dense(2), layers.Dense(2)
    one.call = own = lambda inputs: inputs
    notes = []
    around = shadowed([("1", one), ("2", two)], noting(notes))
    with pytest.raises(InputError), around:
        raise InputError(one(X), two(X))
    assert notes == ["2"]
    assert vars(one)["call"] is own
    assert "call" not in vars(two)
