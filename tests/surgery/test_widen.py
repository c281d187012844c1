import keras
import numpy as np
import pytest
from healthy import Plain, functional
from keras import layers as L
from specimens import compiled

from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.surgery.widen import cloned, deeper, hidden, widen


def names_and_widths(model):
    return [(layer.name, size) for layer, size in hidden(model, [model.layers[-1]])]


def test_hidden_widths_leave_the_output_out():
    model = compiled(
        L.Embedding(9, 3, name="e"),
        L.Bidirectional(L.LSTM(2), name="b"),
        L.Dense(4, name="d"),
        L.Dense(5),
        shape=(6,),
    )
    assert names_and_widths(model) == [("e", 3), ("b", 2), ("d", 4)]


def test_a_wider_copy_keeps_its_ends():
    model = compiled(
        L.Conv2D(2, 3, name="c"),
        L.BatchNormalization(),
        L.Flatten(),
        L.Dense(3, name="d"),
        L.Dense(10, activation="softmax"),
        shape=(8, 8, 1),
    )
    wide = cloned(model, {"c": 8, "d": 32})
    assert names_and_widths(wide) == [("c", 8), ("d", 32)]
    assert wide.output_shape == model.output_shape
    assert names_and_widths(model) == [("c", 2), ("d", 3)]


def test_a_wrapped_layer_is_widened_inside():
    model = compiled(L.Bidirectional(L.GRU(2), name="b"), L.Dense(1), shape=(5, 3))
    wide = cloned(model, {"b": 16})
    assert wide.layers[0].output.shape[-1] == 32


def test_a_fresh_copy_has_weights_of_its_own():
    model = compiled(L.Dense(4), L.Dense(2))
    copy = cloned(model)
    assert [w.shape for w in copy.get_weights()] == [w.shape for w in model.get_weights()]
    assert not np.array_equal(copy.get_weights()[0], model.get_weights()[0])


def test_one_more_layer():
    model = compiled(L.Dense(10, activation="softmax"))
    deep = deeper(model, 32)
    assert [layer.units for layer in deep.layers] == [32, 10]
    assert deep.output_shape == model.output_shape


def test_what_cannot_be_built_anew_says_so():
    model = Plain()
    model(np.zeros((2, 64), "float32"))
    with pytest.raises(NotApplicable, match="of your own"):
        cloned(model)
    inputs = keras.Input((8,))
    added = L.Add()([inputs, L.Dense(8, name="d")(inputs)])
    model = functional(inputs, L.Dense(1)(added), "mse")
    with pytest.raises(NotApplicable, match="another width"):
        cloned(model, {"d": 32})
    with pytest.raises(NotApplicable, match="no hidden layer"):
        deeper(model, 32)


def test_a_widened_model_is_compiled_alike_and_learns():
    model = compiled(L.Dense(2, "relu"), L.Dense(1), shape=(3,), loss="mae", metrics=["mse"])
    wide = widen(model)
    assert [size for _, size in hidden(wide, [wide.layers[-1]])] == [32]
    x = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
    history = wide.fit(x, x.sum(1, keepdims=True), epochs=2, verbose=0).history
    assert {"loss", "mse"} <= set(history)
    assert wide.loss == "mae"
    assert model.count_params() == 11


def test_a_linear_model_gets_a_hidden_layer():
    wide = widen(compiled(L.Dense(1), shape=(3,), loss="mse"), width=8)
    assert wide.count_params() == 3 * 8 + 8 + 9


def test_what_cannot_be_built_anew_is_refused():
    model = Plain()
    model(np.zeros((2, 4), "float32"))
    model.compile("adam", "mse")
    with pytest.raises(InputError, match="Widen it where it is built"):
        widen(model)
