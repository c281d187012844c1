"""A large net of another family than its inputs warns; fitting ones and small ones do not."""

import random

import keras
import numpy as np
import pytest
from keras import layers as L
from sklearn import datasets
from specimens import compiled, digits, examine

from keras_recipe.checks.overfit.kr301_plain_first import plain_first
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status
from keras_recipe.surgery.preserve import variables_of

HEAD = {"units": 10, "activation": "softmax"}


def pictures(side=64, rows=40):
    random = np.random.default_rng(0)
    x = random.random((rows, side, side, 1)).astype("float32")
    return x, random.integers(0, 10, rows)


def wine():
    """13 measurements in units of their own, three kinds of wine."""
    data = datasets.load_wine()
    return data.data.astype("float32"), data.target


def verdict(*stack, data, shape=None, thresholds=None, **settings):
    x, y = data
    model = compiled(*stack, shape=shape or x.shape[1:], **settings)
    return examine(plain_first, model, x, y, thresholds)


def test_dense_layers_over_a_large_picture_warn():
    stack = L.Flatten(), L.Dense(1200, activation="relu"), L.Dense(**HEAD)
    result = verdict(*stack, data=pictures())
    assert result.status is Status.WARN
    assert "laid out in a row" in result.message
    assert result.fix.code == "keras_recipe.starter('multiclass', (64, 64, 1), outputs=10)"
    assert result.measured > 10 * result.expected


def test_dense_layers_over_a_small_picture_do_not():
    stack = L.Flatten(), L.Dense(64, activation="relu"), L.Dense(**HEAD)
    assert verdict(*stack, data=digits(flat=False)).status is Status.PASS


def test_a_large_convolutional_net_does_not():
    stack = (
        L.Conv2D(32, 3, activation="relu"),
        L.Flatten(),
        L.Dense(300, activation="relu"),
        L.Dense(**HEAD),
    )
    result = verdict(*stack, data=pictures(32, 34))
    assert result.status is Status.PASS
    assert result.measured > 10 * result.expected


class Patches(L.Layer):
    """Somebody's own idea of a picture."""

    def call(self, x):
        return x


def test_own_layers_are_not_judged():
    stack = Patches(), L.Flatten(), L.Dense(1200, activation="relu"), L.Dense(**HEAD)
    assert verdict(*stack, data=pictures()).status is Status.PASS


def test_a_recurrent_net_over_the_columns_of_a_table_warns():
    stack = L.Reshape((13, 1)), L.LSTM(128), L.Dense(3, activation="softmax")
    result = verdict(*stack, data=wine())
    assert result.status is Status.WARN
    assert "recurrent layers over the columns of a table" in result.message


def test_columns_that_came_as_steps_are_still_a_table():
    x, y = wine()
    stack = L.LSTM(128), L.Dense(3, activation="softmax")
    assert verdict(*stack, data=(x[..., None], y)).status is Status.WARN


def test_a_recurrent_net_over_a_signal_does_not():
    random = np.random.default_rng(0)
    x = np.cumsum(random.normal(size=(200, 13)), 1).astype("float32")
    stack = L.Reshape((13, 1)), L.LSTM(128), L.Dense(3, activation="softmax")
    assert verdict(*stack, data=(x, random.integers(0, 3, 200))).status is Status.PASS


def test_ids_are_compared_with_vectors_of_as_many_ids():
    x = np.random.default_rng(0).integers(1, 50, (60, 9))
    stack = L.Embedding(50, 8), L.LSTM(8), L.Dense(1, activation="sigmoid")
    result = verdict(*stack, data=(x, x[:, 0] % 2), loss="binary_crossentropy")
    assert result.status is Status.PASS
    assert result.evidence["inputs"] == "ids"
    assert result.expected == 50 * 32 + 33 * 32 + 33


@pytest.mark.parametrize(("larger", "status"), [(1e9, Status.PASS), (1.0, Status.WARN)])
def test_the_threshold_decides(larger, status):
    stack = L.Flatten(), L.Dense(300, activation="relu"), L.Dense(**HEAD)
    assert verdict(*stack, data=pictures(32), thresholds={"larger": larger}).status is status


def test_several_inputs_are_skipped():
    entrances = [keras.Input((4,)), keras.Input((4,))]
    outputs = L.Dense(1)(L.Concatenate()(entrances))
    model = keras.Model(entrances, outputs)
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
    with pytest.raises(NotApplicable, match="one input"):
        examine(plain_first, model, [x, x], x[:, 0])


def test_nothing_is_drawn_made_or_changed():
    x, y = pictures()
    stack = L.Flatten(), L.Dense(1200, activation="relu"), L.Dense(**HEAD)
    model = compiled(*stack, shape=x.shape[1:])
    examine(plain_first, model, x, y)  # builds the optimizer
    before = [np.array(keras.ops.convert_to_numpy(v)) for v in variables_of(model)]
    number = int(L.Dense(1).name.split("_")[-1])
    drawn = random.getstate(), np.random.get_state()[1].tolist()
    kept = x.copy(), y.copy()
    from specimens import subject

    given = subject(model, x, y)
    values = [given.need(name) for name in plain_first.needs]
    plain_first(*values)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == drawn
    assert int(L.Dense(1).name.split("_")[-1]) == number + 1
    for one, other in zip(before, variables_of(model), strict=True):
        np.testing.assert_array_equal(one, keras.ops.convert_to_numpy(other))
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(y, kept[1])
