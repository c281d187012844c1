from contextlib import suppress

import keras
import numpy as np
import pytest
from healthy import ADAM, BUILDERS, some_digits, tokens
from keras import layers as L
from keras import ops
from specimens import SPARSE, examine

from keras_recipe.checks.baseline.kr213_batch_independence import batch_independence
from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.data.order import Order


class Mixing(L.Layer):
    """Subtracts the mean of the batch, always or in training mode only."""

    def __init__(self, always, share=1.0):
        super().__init__()
        self.always, self.share = always, share

    def call(self, x, training=False):
        mixes = self.always or training
        return x - self.share * ops.mean(x, axis=0, keepdims=True) if mixes else x


def mixing(**arguments):
    stack = [
        L.Dense(16, activation="relu"),
        Mixing(**arguments),
        L.Dense(10, activation="softmax"),
    ]
    model = keras.Sequential([keras.Input((64,)), *stack])
    model.compile(ADAM(3e-3), SPARSE)
    return model


def verdict(model, **settings):
    return examine(batch_independence, model, *some_digits(64), **settings)


def test_a_mean_over_the_batch_fails():
    result = verdict(mixing(always=True))
    assert result.status == "fail"
    assert result.measured > 0.01


class Ranged(L.Layer):
    """Rounds by the largest value of the batch, or by that of each row."""

    def __init__(self, axis, **settings):
        super().__init__(**settings)
        self.axis = axis

    def call(self, x):
        most = ops.max(ops.abs(x), axis=self.axis, keepdims=True)
        return ops.round(x / most * 127) * most / 127


def ranged(axis, dtype=None):
    stack = [L.Dense(16, activation="relu"), Ranged(axis, dtype=dtype), L.Dense(10)]
    model = keras.Sequential([keras.Input((64,)), *stack, L.Softmax()])
    model.compile(ADAM(3e-3), SPARSE)
    return model


def test_a_little_mixing_warns():
    result = verdict(ranged(None))
    assert result.status == "warn"
    assert 1e-3 < result.measured < 1e-2
    assert verdict(ranged(-1)).status == "pass"
    assert verdict(ranged(None), thresholds={"little": 1e-2}).status == "pass"


def test_a_little_is_rounding_in_half_precision():
    assert verdict(ranged(None, "bfloat16"), thresholds={"rtol": 0.1}).status == "pass"


def test_mixing_in_training_mode_alone_warns():
    assert verdict(mixing(always=False)).status == "warn"


def test_the_threshold_decides():
    measured = verdict(mixing(always=True, share=0.2)).measured
    above, below = {"rtol": measured * 1.1}, {"rtol": measured * 0.9}
    assert verdict(mixing(always=False, share=0.0), thresholds=above).status == "pass"
    assert verdict(mixing(always=True), thresholds=below).status == "fail"


@pytest.mark.parametrize(
    "name", ["batch_norm_images", "dict_of_inputs", "layer_norm_attention"]
)
def test_healthy_programs_pass(name):
    model, x, y, settings = BUILDERS[name]()
    assert examine(batch_independence, model, x, y, **settings).status == "pass"


def test_one_row_alone_is_skipped():
    one = Batch(*some_digits(1))
    with pytest.raises(NotApplicable, match="one row"):
        batch_independence(mixing(always=True), one, None, {"training": Order()})


def test_a_state_that_is_handed_on_to_shuffled_rows_fails():
    x, y = some_digits(64)
    stack = L.LSTM(4, stateful=True), L.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input(batch_shape=(16, 8, 8)), *stack])
    model.compile("adam", SPARSE)
    ordered = {"batch_size": 16, "shuffle": False}
    result = examine(batch_independence, model, x.reshape(-1, 8, 8), y, batch_size=16)
    assert result.status == "fail"
    assert "keeps its state" in result.message
    with suppress(NotApplicable):  # where the state tells calls apart, nothing else is said
        apart = examine(batch_independence, model, x.reshape(-1, 8, 8), y, **ordered)
        assert apart.status != "fail"


def test_the_chart_of_a_healthy_net_is_diagonal():
    model, x, y, settings = BUILDERS["dict_of_inputs"]()
    result = examine(batch_independence, model, x, y, **settings)
    (chart,) = result.pictures
    values = np.array(chart["values"])
    assert values.shape == (32, 16)
    pairs = np.arange(32)[:, None] // 2 == np.arange(16)
    assert values[~pairs].max() < 1e-3
    assert values[pairs].reshape(16, 2).max(1).min() == 1


def test_the_charts_of_mixing_agree_by_backprop():
    changed, gradient = verdict(mixing(always=True)).pictures
    assert np.array(changed["values"]).min() > 0
    assert np.array(gradient["values"]).shape == (16, 32)
    assert np.array(gradient["values"]).min() > 0


def test_whole_numbers_are_charted_without_backprop():
    x, y = tokens()
    stack = L.Embedding(20, 4), Mixing(always=True), L.Dense(20, activation="softmax")
    model = keras.Sequential([keras.Input((12,), dtype="int32"), *stack])
    model.compile("adam", SPARSE)
    result = examine(batch_independence, model, x, y)
    assert result.status == "fail"
    assert len(result.pictures) == 1
