"""Padding left out for good."""

import keras
import numpy as np
import pytest
from keras import layers as L
from specimens import compiled

from keras_recipe.core.errors import InputError
from keras_recipe.surgery.masking import makes_masks
from keras_recipe.surgery.padding_mask import mask_padding, takes_masks

RANDOM = np.random.default_rng(0)


def test_embeddings_tell_what_is_padding():
    model = compiled(L.Embedding(9, 3), L.LSTM(4), L.Dense(1), shape=(6,), loss="mse")
    ids = RANDOM.integers(1, 9, (4, 6))
    ids[:, 3:] = 0
    assert mask_padding(model) is None
    short = model.predict(ids[:, :3], verbose=0)
    np.testing.assert_allclose(model.predict(ids, verbose=0), short, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("stack", [[L.LSTM], [L.Dense, L.GlobalAveragePooling1D]])
def test_a_series_is_masked_in_front_and_weights_are_shared(stack):
    layers = [one(4) if one is not L.GlobalAveragePooling1D else one() for one in stack]
    model = compiled(*layers, L.Dense(1), shape=(None, 2), loss="mse")
    x = RANDOM.normal(size=(4, 6, 2)).astype("float32")
    expected = model.predict(x[:, :3], verbose=0)
    x[:, 3:] = -1.0
    made = mask_padding(model, value=-1.0)
    assert takes_masks(model)
    assert makes_masks(made)
    np.testing.assert_allclose(made.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-6)
    assert made.weights[0] is model.weights[0]
    assert type(made.optimizer) is type(model.optimizer)


def test_a_graph_without_embeddings_is_refused():
    one, two = keras.Input((6, 2)), keras.Input((6, 2))
    model = keras.Model([one, two], L.Dense(1)(L.LSTM(3)(L.Concatenate()([one, two]))))
    model.compile("adam", "mse")
    assert not takes_masks(model)
    with pytest.raises(InputError, match="behind the input where the model is built"):
        mask_padding(model)
