"""Predictions of a fixed batch are recorded after every epoch."""

import copy

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.callbacks import PredictionDynamics
from keras_recipe.core.errors import InputError


class Scripted(keras.layers.Layer):
    """Outputs what its one weight says: so that an epoch's predictions are known."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, x):
        return x * self.scale


class Flip(keras.callbacks.Callback):
    """Turns the sign of the scripted weight before each epoch but the first."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch:
            weight = self.model.layers[0].scale
            weight.assign(-keras.ops.convert_to_numpy(weight))


def scripted():
    model = keras.Sequential([keras.Input((2,)), Scripted()])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    return model


X = np.array([[1.0, -1.0], [2.0, -1.0], [-1.0, 1.0], [0.5, 0.5]], "float32")


def test_flips_are_counted_where_labels_are_classes():
    dynamics = PredictionDynamics(X, np.array([0, 0, 1, 0]))
    scripted().fit(X, X, epochs=3, verbose=0, callbacks=[Flip(), dynamics])
    found = dynamics.trace.predictions
    assert found["kind"] == "classes"
    assert found["flips"] == [0.75, 0.75]  # the tie of the last row stays
    assert found["history"][0] == [0, 0, 1, 0]
    assert found["labels"] == [0, 0, 1, 0]


def test_it_looks_at_its_pace():
    dynamics = PredictionDynamics(X, np.array([0, 0, 1, 0]), pace=2)
    scripted().fit(X, X, epochs=5, verbose=0, callbacks=[Flip(), dynamics])
    found = dynamics.trace.predictions
    assert found["flips"] == [0.0, 0.0]  # every other epoch the sign is the same
    assert len(found["history"]) == 3
    assert found["pace"] == 2
    with pytest.raises(InputError, match="pace"):
        PredictionDynamics(X, pace=0)


def test_moves_are_relative_to_the_spread_of_labels_that_are_numbers():
    labels = np.array([[0.5, 0.0], [2.5, 0.0], [0.25, 0.0], [3.0, 0.1]])
    dynamics = PredictionDynamics(X, labels)
    scripted().fit(X, X, epochs=2, verbose=0, callbacks=[Flip(), dynamics])
    found = dynamics.trace.predictions
    assert found["kind"] == "values"
    assert found["flips"] == pytest.approx([float(np.abs(2 * X).mean() / labels.std())])


def test_one_hot_and_binary_labels_are_classes():
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    for units, y in ((3, np.eye(3)[np.arange(8) % 3]), (1, np.arange(8) % 2)):
        model = keras.Sequential([keras.Input((3,)), layers.Dense(units, "sigmoid")])
        model.compile("sgd", "mse")
        dynamics = PredictionDynamics(x, y)
        model.fit(x, np.zeros((8, units)), epochs=2, verbose=0, callbacks=[dynamics])
        assert dynamics.trace.predictions["kind"] == "classes"
        assert set(np.ravel(dynamics.trace.predictions["history"])) <= set(range(max(units, 2)))


def test_training_is_the_same_with_it():
    x = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
    losses = []
    for callbacks in ([], [PredictionDynamics(x[:4])]):
        keras.utils.set_random_seed(2)
        model = keras.Sequential([keras.Input((3,)), layers.Dropout(0.5), layers.Dense(1)])
        model.compile("adam", "mse")
        losses.append(model.fit(x, x[:, :1], epochs=3, verbose=0, callbacks=callbacks).history)
    assert losses[0] == losses[1]


def test_it_can_be_copied_and_used_again():
    dynamics, model = PredictionDynamics(X), scripted()
    for _ in range(2):
        model.fit(X, X, epochs=2, verbose=0, callbacks=[dynamics])
        assert len(dynamics.trace.predictions["flips"]) == 1
    assert copy.deepcopy(dynamics).trace == dynamics.trace


@pytest.mark.parametrize(("x", "y"), [(X[:1], None), (X, np.zeros(3)), (None, None)])
def test_rows_that_do_not_match_are_refused(x, y):
    with pytest.raises(InputError, match="two rows"):
        PredictionDynamics(x, y)
