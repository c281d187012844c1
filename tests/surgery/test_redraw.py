import keras
import numpy as np
import sick
from keras import layers as L
from specimens import compiled

from keras_recipe.surgery.redraw import drawable, redraw


def test_kernels_get_the_usual_scale_and_biases_are_zero():
    model, *_ = sick.dead_relus()
    hidden, output = drawable(model)
    redraw([hidden, output])
    gains = [
        float(np.sqrt(np.mean(np.square(keras.ops.convert_to_numpy(one.kernel)))))
        * one.kernel.shape[0] ** 0.5
        for one in (hidden, output)
    ]
    assert 1.2 < gains[0] < 1.6  # He: sqrt(2)
    assert 0.9 < gains[1] < 1.5  # Glorot: sqrt(2 * 32 / 42)
    assert not np.any(keras.ops.convert_to_numpy(hidden.bias))


def test_the_same_seed_draws_the_same_and_no_two_layers_alike():
    model = compiled(L.Dense(16), L.Dense(16), shape=(16,), loss="mse")
    drawn = []
    for _ in range(2):
        redraw(drawable(model))
        drawn.append([keras.ops.convert_to_numpy(one.kernel) for one in drawable(model)])
    np.testing.assert_array_equal(drawn[0][0], drawn[1][0])
    assert np.any(drawn[0][0] != drawn[0][1])


def test_frozen_layers_and_those_without_bias_are_left():
    stack = L.Dense(8, use_bias=False), L.Dense(8, trainable=False)
    model = compiled(*stack, L.Dense(1), shape=(4,), loss="mse")
    assert [one.name for one in drawable(model)] == [
        model.layers[0].name,
        model.layers[2].name,
    ]
    redraw(drawable(model))
