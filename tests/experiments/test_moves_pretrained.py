"""Weights learned elsewhere: frozen, free, or under a fresh output layer."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.experiments.moves_pretrained import pretrained
from keras_recipe.experiments.program import Program
from keras_recipe.subject import Subject

X = np.random.default_rng(0).normal(size=(16, 5)).astype("float32")
Y = np.arange(16) % 2


def net(*sizes, classes=2, shape=(5,)):
    model = keras.Sequential(
        [keras.Input(shape), *[L.Dense(s, "relu") for s in sizes], L.Dense(classes, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def planned(given, model=None, x=X):
    model = model or net(8, 6)
    found = Subject(model, x, Y)
    program = Program(
        model=model, task=found.task, sample=found.sample, steps=50, batch_size=8,
        pretrained=given,
    )  # fmt: skip
    return pretrained(program)


def weights(model):
    return [np.array(keras.ops.convert_to_numpy(w)) for w in model.weights]


def test_layers_that_are_alike_get_the_weights_frozen_then_free(tmp_path):
    given = net(8, 6, classes=7)
    given.save(tmp_path / "given.keras")
    moves = planned(tmp_path / "given.keras")
    assert [move.name for move in moves] == ["pretrained, frozen", "pretrained, free"]
    assert "the first 2 layers" in moves[0].text
    for move, frozen in zip(moves, (True, False), strict=True):
        made = move.change(net(8, 6))
        for one, other in zip(weights(made)[:4], weights(given)[:4], strict=True):
            np.testing.assert_array_equal(one, other)
        made.fit(X, Y, verbose=0)
        same = [
            np.array_equal(a, b) for a, b in zip(weights(made), weights(given), strict=False)
        ]
        assert same[:4] == [frozen] * 4
        assert made.layers[-1].trainable


def test_another_architecture_goes_under_the_output_layer():
    given = net(12, 4, classes=7)
    moves = planned(given)
    assert "without its output layer" in moves[0].text
    for move, frozen in zip(moves, (True, False), strict=True):
        made = move.change(net(8, 6))
        made.fit(X, Y, verbose=0)
        assert made.output_shape == (None, 2)
        same = [
            np.array_equal(a, b) for a, b in zip(weights(made), weights(given), strict=False)
        ]
        assert all(same[:4]) is frozen
    assert weights(given)[0].shape == (5, 12)


def test_the_given_models_are_left_as_they_were():
    given, model = net(8, 6), net(8, 6)
    before = [weights(given), weights(model)]
    for move in planned(given, model):
        move.change(net(8, 6)).fit(X, Y, verbose=0)
    for old, new in zip(before, [weights(given), weights(model)], strict=True):
        for one, other in zip(old, new, strict=True):
            np.testing.assert_array_equal(one, other)
    assert all(layer.trainable for layer in model.layers)


def test_what_fits_nowhere_is_left_out_and_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(NotApplicable, match="no pretrained weights were given"):
        planned(None)
    with pytest.raises(NotApplicable, match="takes inputs of"):
        planned(net(8, shape=(9,)))
    with pytest.raises(InputError, match="`pretrained` must be"):
        planned(3)
    with pytest.raises(InputError, match="`pretrained` cannot be loaded"):
        planned(tmp_path / "none.keras")


def test_a_softmax_of_its_own_is_no_output_layer_to_put_on_top():
    model = keras.Sequential([keras.Input((5,)), L.Dense(8, "relu"), L.Dense(2), L.Softmax()])
    model.compile("adam", "sparse_categorical_crossentropy")
    with pytest.raises(NotApplicable, match="not made by the last layer alone"):
        planned(net(12, 4, classes=7), model)
