"""The families of a model's layers, its outputs left out."""

import keras
from keras import layers as L

from keras_recipe.surgery.families import families_of, flattens


def net(*stack, shape=(8, 8, 1)):
    return keras.Sequential([keras.Input(shape), *stack])


def test_the_output_layer_does_not_count():
    model = net(L.Conv2D(2, 3), L.Flatten(), L.Dense(3))
    assert families_of(model, [model.layers[-1]]) == {"convolution"}
    assert families_of(model) == {"convolution", "dense"}


def test_parts_of_attention_do_not_count_as_dense():
    entrance = keras.Input((5, 4))
    model = keras.Model(entrance, L.MultiHeadAttention(2, 4)(entrance, entrance))
    assert families_of(model) == {"attention"}


def test_what_wrappers_and_models_hold_counts():
    inner = net(L.TimeDistributed(L.Dense(3)), L.Bidirectional(L.GRU(2)), shape=(5, 4))
    assert families_of(net(inner, shape=(5, 4))) == {"dense", "recurrent"}


class Own(L.Layer):
    def call(self, x):
        return x


def test_a_class_of_the_users_own_is_said():
    assert "own" in families_of(net(Own(), L.Dense(2)))


def test_a_flatten_or_a_reshape_into_a_row_flattens():
    assert flattens(net(L.Flatten()))
    assert flattens(net(L.Reshape((64,))))
    assert not flattens(net(L.Reshape((64, 1))))
