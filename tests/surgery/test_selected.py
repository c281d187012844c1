"""A layer that hands on some features."""

import keras
import numpy as np
import pytest

from keras_recipe.surgery.selected import Selected

X = np.arange(12, dtype="float32").reshape(3, 4)


def test_it_hands_on_the_chosen_features_in_order():
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(Selected([2, 0])(X)), X[:, [2, 0]])


def test_it_is_saved_with_its_model(tmp_path):
    model = keras.Sequential([keras.Input((4,)), Selected((1, 3)), keras.layers.Dense(2)])
    assert model.layers[1].kernel.shape == (2, 2)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert model.predict(X, verbose=0) == pytest.approx(again.predict(X, verbose=0))
