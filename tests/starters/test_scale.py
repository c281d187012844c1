"""Inputs are scaled by their own mean and variance, whatever stands in them."""

import keras
import numpy as np
import pytest

from keras_recipe.starters.scale import scaled


def through(x, rows=None):
    entrance = keras.Input(x.shape[1:])
    model = keras.Model(entrance, scaled(entrance, x))
    return model.predict(x if rows is None else rows, verbose=0)


def test_columns_get_mean_0_and_variance_1():
    x = np.random.default_rng(0).normal([3, 500], [1, 80], (300, 2)).astype("float32")
    said = through(x)
    assert said.mean(0) == pytest.approx([0, 0], abs=1e-3)
    assert said.std(0) == pytest.approx([1, 1], abs=1e-3)


def test_channels_are_scaled_together():
    x = np.random.default_rng(0).integers(0, 256, (40, 6, 6, 3)).astype("uint8")
    said = through(x)
    assert said.mean((0, 1, 2)) == pytest.approx([0, 0, 0], abs=1e-3)


def test_what_never_varies_is_shifted_only():
    x = np.full((20, 1), 5.0, "float32")
    assert through(x, np.array([[6.0]], "float32"))[0, 0] == pytest.approx(1)


def test_gaps_do_not_count():
    x = np.array([[1.0, np.nan], [3.0, np.nan]], "float32")
    said = through(x)
    assert said[:, 0].tolist() == pytest.approx([-1, 1])
    assert np.isnan(said[:, 1]).all()
