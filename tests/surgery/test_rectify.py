import keras
import numpy as np
from healthy import some_digits
from keras import layers as L
from specimens import compiled

from keras_recipe.surgery.rectify import bounded, rectified


def test_hidden_bounded_layers_turn_to_relu_and_come_back():
    model = compiled(
        L.Dense(8, activation="tanh"),
        L.Dense(8, activation="elu"),
        L.Dense(10, activation="sigmoid", name="head"),
        loss="mse",
    )
    layers = bounded(model, [model.get_layer("head")])
    assert layers == [model.layers[0]]
    x, _ = some_digits(32)
    before, weights = model.predict_on_batch(x), model.get_weights()
    with rectified(model, layers):
        assert layers[0].activation is keras.activations.relu
        assert np.abs(model.predict_on_batch(x) - before).max() > 1e-3
    assert layers[0].activation is keras.activations.tanh
    for one, two in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_allclose(model.predict_on_batch(x), before, rtol=1e-6)
