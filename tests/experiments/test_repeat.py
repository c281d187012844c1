import keras
import numpy as np
import pytest
from healthy import some_digits
from keras import layers as L
from specimens import compiled, subject

from keras_recipe.data.sources import open_source
from keras_recipe.experiments.repeat import data_gap, training_gap, unrepeatable_layer


class Restless(L.Layer):
    """Multiplies by another number at every eager call."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def call(self, x):
        self.calls += 1
        return x * self.calls


def model_of(*stack):
    model = compiled(*stack, L.Dense(10, activation="softmax"))
    return model, subject(model, *some_digits(64)).probe


def test_equal_trainings_are_equal():
    model, probe = model_of(L.Dense(8), L.Dropout(0.5))
    assert training_gap(model, probe, 2) == pytest.approx(0, abs=1e-5)
    assert unrepeatable_layer(model, probe.x) == ""


def test_the_first_layer_that_differs_is_named():
    inner = keras.Sequential([L.Dense(4), Restless()], name="inner")
    model, probe = model_of(L.Dense(8), inner)
    name = inner.layers[1].name
    assert unrepeatable_layer(model, probe.x) == f"inner/{name}"
    assert "call" not in vars(inner.layers[1])


class Batches(keras.utils.PyDataset):
    def __init__(self, noise):
        super().__init__()
        self.noise = noise

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return np.ones((4, 2)) + self.noise(), np.zeros(4)


@pytest.mark.parametrize(("noise", "gap"), [(float, 0.0), (iter(range(99)).__next__, 0.5)])
def test_two_passes_over_a_dataset(noise, gap):
    assert (data_gap(open_source(Batches(noise))) > 0) == (gap > 0)
