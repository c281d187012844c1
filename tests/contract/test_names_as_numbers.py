"""Names that are multiplied by weights warn; names that are looked up do not."""

import keras
import numpy as np
from keras import layers
from specimens import compiled, subject

from keras_recipe.contract.names_as_numbers import names_as_numbers
from keras_recipe.core.result import Status


def users(count=80, rows=1000):
    random = np.random.default_rng(0)
    user = random.integers(0, count, rows)
    x = np.c_[random.standard_normal((rows, 3)), user].astype("float32")
    y = random.standard_normal(count)[user] + x[:, 0]
    return x, y.astype("float32")


def judged(model, x, y):
    made = subject(model, x, y)
    return names_as_numbers(model, made.sample, made.crossfit)


def test_a_user_read_as_an_amount_warns_scaled_or_not():
    x, y = users()
    for table in (x, (x - x.mean(0)) / x.std(0)):
        model = compiled(layers.Dense(8), layers.Dense(1), shape=(4,), loss="mse")
        found = judged(model, table, y)
        assert found.status is Status.WARN
        assert found.where == "x[:, 3]"
        assert found.expected > found.measured


def test_an_amount_passes():
    x, y = users()
    model = compiled(layers.Dense(8), layers.Dense(1), shape=(4,), loss="mse")
    assert judged(model, x, (x[:, 3] / 20 + x[:, 0]).astype("float32")) is None
    assert judged(model, x[:, :3].repeat(2, 1)[:, :4], y) is None


def test_a_user_that_is_embedded_passes():
    x, y = users()
    entrance = keras.Input((4,))
    named = layers.Flatten()(layers.Embedding(80, 4)(entrance[:, 3:]))
    joined = layers.Concatenate()([entrance[:, :3], named])
    model = keras.Model(entrance, layers.Dense(1)(joined))
    model.compile("adam", "mse")
    assert judged(model, x, y) is None


def test_pictures_and_rows_without_labels_are_not_judged():
    x, _ = users()
    model = compiled(layers.Dense(1), shape=(4,), loss="mse")
    assert judged(model, x, np.ones(len(x), "float32")) is None
    model = compiled(layers.Flatten(), layers.Dense(1), shape=(2, 2), loss="mse")
    assert judged(model, x.reshape(-1, 2, 2), x[:, 0]) is None
