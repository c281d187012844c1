"""Small models, alone and wrapped; shared by the tests of `RecipeModel`."""

import functools

import keras
import numpy as np
from keras import layers

from keras_recipe.model import RecipeModel

RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("int32")
WEIGHT = RNG.uniform(0.5, 2, size=48).astype("float32")
LOSS = "sparse_categorical_crossentropy"


def sequential():
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(2, activation="softmax"),
        ]
    )


def unbuilt():
    return keras.Sequential([layers.Dense(8, "relu"), layers.Dense(2, "softmax")])


def tiny():
    return keras.Sequential([keras.Input((4,)), layers.Dense(2, activation="softmax")])


def functional():
    inputs = keras.Input((4,))
    hidden = layers.Dense(8, "relu")(inputs)
    hidden = layers.Add()([hidden, layers.Dense(8)(hidden)])
    return keras.Model(inputs, layers.Dense(2, "softmax")(hidden))


@keras.saving.register_keras_serializable(package="wrapped")
class Halved(keras.Model):
    """A model of the user's own: half the loss, and a `train_step` that counts its traces."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = layers.Dense(8, activation="relu")
        self.dropout = layers.Dropout(0.5)
        self.head = layers.Dense(2, activation="softmax")
        self.traces = []

    def call(self, inputs, training=False):
        return self.head(self.dropout(self.hidden(inputs), training=training))

    def compute_loss(self, *args, **kwargs):
        return 0.5 * super().compute_loss(*args, **kwargs)

    def train_step(self, *args):
        self.traces.append(1)
        return super().train_step(*args)


BUILDERS = [sequential, unbuilt, functional, Halved]


def compiled(build, **settings):
    """A model of `build`, compiled; the tiny one runs eagerly, where nothing is traced."""
    model = build()
    common = {"optimizer": "sgd", "loss": LOSS, "metrics": ["accuracy"]}
    model.compile(**common | {"run_eagerly": build is tiny} | settings)
    return model


def wrap(build, **settings):
    """The same model from the same seed, compiled and wrapped."""
    keras.utils.set_random_seed(1)
    return RecipeModel(compiled(build, **settings))


def fit_arrays(model, **settings):
    """Train on the arrays in their order."""
    return model.fit(X, Y, **settings)


def trained(model, fit=fit_arrays, **settings):
    """Losses, weights and optimizer state after training from one seed."""
    keras.utils.set_random_seed(2)
    common = {"epochs": 2, "batch_size": 16, "verbose": 0, "shuffle": False}
    history = fit(model, **common | settings).history
    return history, values(*model.weights, *model.optimizer.variables)


@functools.cache
def alone(build):
    """What `trained` gives for the model without a wrapper."""
    keras.utils.set_random_seed(1)
    return trained(compiled(build))


def values(*variables):
    """The variables as arrays."""
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def assert_equal(one, other):
    """The same arrays, bit for bit."""
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def assert_same_training(one, other):
    """The same losses, weights and optimizer state, bit for bit."""
    assert one[0] == other[0]
    assert_equal(one[1], other[1])
