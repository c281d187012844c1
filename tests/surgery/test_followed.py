"""Which BatchNorm gets what a dropout layer dropped."""

import keras
import pytest
from keras import layers as L

from keras_recipe.surgery.followed import follows


def stacked(*layers):
    return keras.Sequential([keras.Input((4,)), *layers])


def wired(*layers):
    entrance = tensor = keras.Input((4,))
    for layer in layers:
        tensor = layer(tensor)
    return keras.Model(entrance, tensor)


def pairs(model):
    dropped = [one for one in model.layers if isinstance(one, L.Dropout)]
    return follows(model, dropped, L.BatchNormalization)


@pytest.mark.parametrize("make", [stacked, wired])
def test_a_norm_behind_it_is_found_through_other_layers(make):
    layers = (L.Dense(3), L.Dropout(0.5, name="d"), L.Dense(3), L.BatchNormalization(name="n"))
    assert pairs(make(*layers)) == [("d", "n")]


@pytest.mark.parametrize("make", [stacked, wired])
def test_a_norm_before_it_or_frozen_is_not(make):
    assert pairs(make(L.Dense(3), L.BatchNormalization(), L.Dropout(0.5), L.Dense(1))) == []
    frozen = L.BatchNormalization(trainable=False)
    assert pairs(make(L.Dropout(0.5), L.Dense(3), frozen)) == []


def test_branches_that_drop_elsewhere_do_not_count():
    entrance = keras.Input((4,))
    dropped = L.Dropout(0.5)(L.Dense(3)(entrance))
    normed = L.BatchNormalization()(L.Dense(3)(entrance))
    assert pairs(keras.Model(entrance, L.Add()([dropped, normed]))) == []


def test_of_a_model_of_ones_own_nothing_is_said():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.drop, self.norm = L.Dropout(0.5), L.BatchNormalization()

        def call(self, inputs):
            return self.norm(self.drop(inputs))

    own = Own()
    assert follows(own, [own.drop], L.BatchNormalization) == []
