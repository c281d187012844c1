"""A fit that averages its weights leaves a model that can be used again."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.callbacks import RecipeMonitor
from keras_recipe.surgery.averages import averages


def net(**settings):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8), layers.Dense(3)])
    model.compile(keras.optimizers.Adam(0.01, **settings), "mse")
    return model


def rows():
    x = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
    return x, x[:, :3]


@pytest.mark.parametrize("kept", [False, True])
def test_an_averaging_optimizer_is_known(kept):
    assert averages(net(use_ema=kept)) is kept


def test_a_second_fit_and_its_predictions_work():
    model, (x, y) = net(use_ema=True, ema_momentum=0.9), rows()
    for _ in range(2):
        model.fit(x, y, verbose=0, callbacks=[RecipeMonitor()])
        assert np.isfinite(model.predict(x, verbose=0)).all()
        assert np.isfinite(model.evaluate(x, y, verbose=0))
