"""What `fit` would refuse is refused; what it would train is not."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_recipe
from keras_recipe.core.errors import InputError

X = np.random.default_rng(0).normal(size=(48, 6)).astype("float32")
Y = np.arange(48) % 3


def net(*more, **settings):
    model = keras.Sequential([keras.Input((6,)), layers.Dense(3, "softmax"), *more])
    model.compile(
        **{"optimizer": "adam", "loss": "sparse_categorical_crossentropy", **settings}
    )
    return model


def check(model, *data, **settings):
    return keras_recipe.check(model, *data, select=["KR102"], **settings)


class OwnStep(keras.Model):
    """Learns to give back its input, without targets, an optimizer or a loss."""

    def __init__(self):
        super().__init__()
        self.head = layers.Dense(6)

    def call(self, x):
        return self.head(x)

    def train_step(self, *arguments):
        return {"loss": 0.0}


def test_a_training_step_of_its_own_needs_none_of_it():
    model = OwnStep()
    model.compile(optimizer=None)
    assert check(model, X).counts["error"] == 0


class Penalized(keras.Model):
    """Learns from `add_loss` alone."""

    def __init__(self):
        super().__init__()
        self.head = layers.Dense(6)

    def call(self, x):
        outputs = self.head(x)
        self.add_loss(keras.ops.mean(keras.ops.square(x - outputs)))
        return outputs


def test_a_penalty_is_a_loss():
    model = Penalized()
    model.compile("adam")
    assert check(model, X).counts["error"] == 0


def test_a_fixed_batch_size_and_odd_validation_rows_are_taken():
    inputs = keras.Input(batch_shape=(16, 6))
    model = keras.Model(inputs, layers.Dense(3, "softmax")(inputs))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    report = check(model, X, Y, batch_size=16, validation_data=(X[:5], Y[:5]))
    assert report.counts["error"] == 0


def test_sequences_of_another_length_are_taken_as_validation():
    tokens = np.random.default_rng(0).integers(0, 9, (48, 12))
    average = layers.GlobalAveragePooling1D()
    model = keras.Sequential([layers.Embedding(9, 4), average, layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    held = (tokens[:8, :7], Y[:8])
    assert check(model, tokens, Y, validation_data=held).counts["error"] == 0


def test_shapes_are_told_as_received_and_expected():
    with pytest.raises(InputError, match=r"x of shape \(n, 4\); its inputs are \(n, 6\)"):
        check(net(), X[:, :4], Y)


def test_metrics_of_the_model_stay_as_they_were():
    model = net(metrics=["accuracy"])
    model.fit(X, Y, verbose=0)
    before = [keras.ops.convert_to_numpy(v).copy() for v in model.metrics_variables]
    check(model, X, Y, sample_weight=np.ones(48))
    after = [keras.ops.convert_to_numpy(v) for v in model.metrics_variables]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
