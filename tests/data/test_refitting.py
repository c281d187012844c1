"""Other settings of `fit`."""

import keras
import numpy as np
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.data.refitting import (
    longer,
    weigh_evenly,
    with_settings,
    without_rate_callbacks,
)

X = np.zeros((8, 2))


def test_settings_are_changed_in_a_copy():
    given = {"x": X, "epochs": 5}
    assert with_settings(given, batch_size=32) == {**given, "batch_size": 32}
    assert longer(given, times=4)["epochs"] == 20
    assert longer({"x": X}, times=4)["epochs"] == 4
    assert given == {"x": X, "epochs": 5}


def test_only_callbacks_that_set_the_rate_go():
    other = keras.callbacks.EarlyStopping()
    rate = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1**epoch)
    assert without_rate_callbacks({"callbacks": [rate, other]})["callbacks"] == [other]
    with pytest.raises(InputError, match=r"Received: callbacks=\['EarlyStopping'\]"):
        without_rate_callbacks({"callbacks": other})


@pytest.mark.parametrize("one_hot", [False, True])
def test_every_class_weighs_the_same_in_all(one_hot):
    y = np.array([0] * 6 + [1] * 2)
    targets = np.eye(2)[y] if one_hot else y
    made = weigh_evenly({"x": X, "y": targets, "sample_weight": np.ones(8)})
    weights = made["class_weight"]
    assert 6 * weights[0] == pytest.approx(2 * weights[1])
    assert 6 * weights[0] + 2 * weights[1] == pytest.approx(8)
    assert made["sample_weight"] is None


def test_amounts_in_many_columns_have_no_class():
    with pytest.raises(InputError, match="one class a row"):
        weigh_evenly({"x": X, "y": np.random.default_rng(0).random((8, 3))})
