"""The data as the network sees it."""

import keras
import numpy as np
import pytest
from keras import layers as L
from keras import ops

from keras_recipe.surgery.entrances import seen_by

ROWS = np.random.default_rng(0)
IMAGES = ROWS.uniform(0, 255, (16, 6, 6, 2)).astype("float32")
TABLE = ROWS.normal(5, 2, (16, 6)).astype("float32")
SERIES = ROWS.normal(5, 2, (16, 6, 3)).astype("float32")


class Plain(keras.Model):
    """A subclass with arithmetic in `call` and a layer that does not meet the input."""

    def __init__(self):
        super().__init__()
        self.places, self.first, self.last = L.Embedding(6, 4), L.Dense(4), L.Dense(1)

    def call(self, x):
        self.places(ops.arange(6))
        return self.last(self.first(x / 100))


def nested():
    inner = keras.Sequential([keras.Input((6,)), L.Dense(4)], name="inner")
    i = keras.Input((6,))
    return keras.Model(i, L.Dense(1)(inner(i / 10 - 1)))


def adapted():
    layer = L.Normalization()
    layer.adapt(TABLE)
    return keras.Sequential([keras.Input((6,)), layer, L.Dense(4)])


def stack(shape, *layers):
    return keras.Sequential([keras.Input(shape), *layers])


STANDARD = (TABLE - TABLE.mean(0)) / TABLE.std(0)
PROGRAMS = {
    "raw": (lambda: stack((6,), L.Dense(3)), TABLE, "kernel", TABLE),
    "rescaling": (
        lambda: stack((6, 6, 2), L.Rescaling(1 / 255), L.RandomFlip(), L.Conv2D(3, 3)),
        IMAGES,
        "kernel",
        IMAGES / 255,
    ),
    "normalization": (adapted, TABLE, "kernel", STANDARD),
    "batch norm": (
        lambda: stack((6,), L.BatchNormalization(), L.Dense(3)),
        TABLE,
        "normaliser",
        TABLE,
    ),
    "tokens": (
        lambda: stack((6,), L.Embedding(50, 3), L.LSTM(2)),
        np.arange(96).reshape(16, 6) % 50,
        "tokens",
        np.arange(96).reshape(16, 6) % 50,
    ),
    "recurrent": (lambda: stack((6, 3), L.LSTM(4)), SERIES, "kernel", SERIES),
    "both ways": (lambda: stack((6, 3), L.Bidirectional(L.GRU(4))), SERIES, "kernel", SERIES),
    "by step": (
        lambda: stack((6, 3), L.TimeDistributed(L.Dense(4))),
        SERIES,
        "kernel",
        SERIES,
    ),
    "arithmetic": (nested, TABLE, "kernel", TABLE / 10 - 1),
    "subclass": (Plain, TABLE, "kernel", TABLE / 100),
}


@pytest.mark.parametrize("kind", PROGRAMS)
def test_what_arrives_at_the_first_layer_with_weights(kind):
    make, x, expected, values = PROGRAMS[kind]
    model = make()
    model(ops.convert_to_tensor(x))
    seen = seen_by(model, x)
    assert len(seen.entrances) == 1
    assert seen.entrances[0].kind == expected
    np.testing.assert_allclose(seen.entrances[0].values, values, rtol=1e-4, atol=1e-4)
    assert not seen.same_for_all


def test_attention_is_entered_at_its_projections():
    i = keras.Input((6, 3))
    model = keras.Model(i, L.MultiHeadAttention(1, 2)(i, i))
    entrance = seen_by(model, SERIES).entrances[0]
    assert entrance.kind == "kernel"
    np.testing.assert_array_equal(entrance.values, SERIES)


def test_each_of_several_inputs_has_its_own_entrance():
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b", dtype="int32")
    words = L.Flatten()(L.Embedding(9, 2, name="words")(b))
    model = keras.Model(
        [a, b], L.Dense(1)(L.Concatenate()([L.Dense(3, name="rows")(a), words]))
    )
    seen = seen_by(model, [TABLE, np.arange(96).reshape(16, 6) % 9])
    assert [e.path for e in seen.entrances] == ["rows", "words"]
    assert [e.kind for e in seen.entrances] == ["kernel", "tokens"]


@pytest.mark.parametrize("way", ["scale", "dtype"])
def test_what_is_lost_on_the_way_in(way):
    dtype = "int32" if way == "dtype" else "float32"
    i = keras.Input((6,), dtype=dtype)
    h = i if way == "dtype" else L.Rescaling(0.0)(i)
    model = keras.Model(i, L.Dense(2)(L.Dense(3)(h)))
    seen = seen_by(model, ROWS.uniform(0, 0.9, (16, 6)).astype("float32"))
    assert seen.same_for_all
    assert seen.entrances == [None]


def test_the_model_keeps_its_own_call():
    model = stack((6,), L.Dense(3))
    seen_by(model, TABLE)
    assert "call" not in vars(model.layers[0])
    assert seen_by(model, TABLE[:, :3]) is None  # it cannot be called on these
    assert "call" not in vars(model.layers[0])
