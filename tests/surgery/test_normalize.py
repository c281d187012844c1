"""A model between layers that change the scale."""

import keras
import numpy as np
import pytest
from keras import layers
from specimens import compiled

from keras_recipe.core.errors import InputError
from keras_recipe.surgery.normalize import put_normalization_first, put_rescaling_last

X = np.random.default_rng(0).normal([5, -300], [0.1, 90], (64, 2)).astype("float32")


def own_loss(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


def model(loss="mse"):
    return compiled(layers.Dense(3), layers.Dense(1), shape=(2,), loss=loss)


def test_inputs_are_standardised_inside():
    inner = model()
    made = put_normalization_first(inner, X.mean(0), X.std(0))
    standard = (X - X.mean(0)) / X.std(0)
    np.testing.assert_allclose(
        made.predict(X, verbose=0), inner.predict(standard, verbose=0), rtol=1e-3, atol=1e-4
    )


def test_outputs_come_back_in_their_own_unit():
    inner = model()
    made = put_rescaling_last(inner, 150.0, 70.0)
    np.testing.assert_allclose(
        made.predict(X, verbose=0), 70 * inner.predict(X, verbose=0) + 150, rtol=1e-4
    )


@pytest.mark.parametrize("loss", ["mse", own_loss])
def test_it_is_compiled_alike_and_shares_weights(loss):
    inner = model(loss)
    made = put_normalization_first(inner, X.mean(0), X.std(0))
    before = [np.array(w) for w in inner.get_weights()]
    made.fit(X, np.ones((64, 1)), verbose=0)
    assert type(made.optimizer) is type(inner.optimizer)
    assert made.optimizer is not inner.optimizer
    assert any(
        not np.array_equal(a, b) for a, b in zip(before, inner.get_weights(), strict=True)
    )


def test_several_inputs_are_refused_in_one_sentence():
    a, b = keras.Input((2,)), keras.Input((2,))
    two = keras.Model([a, b], layers.Dense(1)(layers.Add()([a, b])))
    two.compile("adam", "mse")
    with pytest.raises(InputError, match="one input and one output"):
        put_normalization_first(two, X.mean(0), X.std(0))
