"""Dropout on the output, found and switched off."""

import numpy as np
from keras import layers as L
from specimens import compiled

from keras_recipe.surgery.output_dropout import dropped_outputs, keep_outputs

X = np.random.default_rng(0).normal(size=(32, 6)).astype("float32")


def test_the_layer_behind_the_output_is_found_and_the_hidden_one_stays():
    hidden, last = L.Dropout(0.5), L.Dropout(0.4)
    model = compiled(L.Dense(8), hidden, L.Dense(3, "softmax"), last, shape=(6,))
    found = dropped_outputs(model, X)
    assert [one.path for one in found] == [last.name]
    assert 0.2 < found[0].share < 0.6
    keep_outputs(model, [one.path for one in found])
    assert (hidden.rate, last.rate) == (0.5, 0.0)
    assert dropped_outputs(model, X) == []
