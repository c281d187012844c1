"""Convolutions that see the past alone."""

import numpy as np
from keras import layers as L
from specimens import compiled

from keras_recipe.surgery.causal import pad_causally, padded_causally, two_sided

X = np.random.default_rng(0).normal(size=(4, 12, 2)).astype("float32")


def net():
    stack = (
        L.Conv1D(4, 3, padding="same", activation="relu"),
        L.Conv1D(4, 1, padding="same"),
        L.Conv1D(3, 3, padding="same", dilation_rate=2),
    )
    return compiled(*stack, shape=(12, 2), loss="mse")


def sees_the_future(model):
    other = X.copy()
    other[:, 8:] += 1
    before, after = (model.predict(x, verbose=0)[:, :8] for x in (X, other))
    return not np.allclose(before, after, atol=1e-6)


def test_a_kernel_of_one_step_sees_no_other():
    model = net()
    assert two_sided(model) == [model.layers[0], model.layers[2]]


def test_for_a_while_and_for_good():
    model = net()
    before = model.predict(X, verbose=0)
    assert sees_the_future(model)
    with padded_causally(model, two_sided(model)):
        assert not sees_the_future(model)
        assert model.predict(X, verbose=0).shape == before.shape
    np.testing.assert_array_equal(model.predict(X, verbose=0), before)
    pad_causally(model, two_sided(model))
    assert not sees_the_future(model)
    assert [one.padding for one in model.layers] == ["causal", "same", "causal"]
