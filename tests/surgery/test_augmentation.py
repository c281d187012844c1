"""Augmenting layers at rest for as long as one trains without them."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keras_recipe.surgery.augmentation import augmenters, without_augmentation
from keras_recipe.surgery.entrances import entering


class Mirrored(keras.Layer):
    """The user's own: turns pictures round in training."""

    def call(self, x, training=False):
        return keras.ops.flip(x, axis=2) if training else x


def model(*stack):
    made = keras.Sequential([keras.Input((6, 6, 1)), *stack, L.Flatten(), L.Dense(2)])
    made.compile("sgd", "mse")
    return made


X = np.random.default_rng(0).random((8, 6, 6, 1)).astype("float32")
Y = np.zeros((8, 2), "float32")


def test_who_augments():
    assert [p for p, _ in augmenters(model(Mirrored(name="own")))] == ["own"]
    found = augmenters(model(L.RandomFlip("horizontal", name="flip"), L.Rescaling(2.0)))
    assert [path for path, _ in found] == ["flip"]
    inner = keras.Sequential([L.RandomTranslation(0.1, 0.1, name="moved")], name="front")
    assert [path for path, _ in augmenters(model(inner))] == ["front/moved"]
    assert augmenters(model(L.GaussianNoise(0.1), L.Dropout(0.5))) == []


@pytest.mark.parametrize("layer", [Mirrored, lambda: L.RandomFlip("horizontal", seed=0)])
def test_what_enters_in_training_and_in_inference(layer):
    made = model(L.Rescaling(2.0), layer())
    path, plain = entering(made, X, training=False)
    assert path.startswith("dense")
    np.testing.assert_allclose(plain, 2 * X.reshape(8, -1))
    _, changed = entering(made, X, training=True)
    assert np.abs(changed - plain).max() > 0.01
    np.testing.assert_allclose(np.sort(changed), np.sort(plain), rtol=1e-6)


@pytest.mark.parametrize("layer", [Mirrored, lambda: L.RandomFlip("horizontal", seed=0)])
def test_training_without_it_is_that_of_a_model_that_has_none(layer):
    made, plain = model(layer()), model()
    start = [w.copy() for w in plain.get_weights()]
    own, function = made.layers[0], made.train_function
    made.set_weights(start)
    with without_augmentation(made):
        made.train_on_batch(X, Y)
    plain.train_on_batch(X, Y)
    for one, other in zip(made.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)
    assert "call" not in vars(own)
    assert made.train_function is function
    made.set_weights(start)
    made.train_on_batch(X, Y)
    assert np.abs(made.get_weights()[0] - plain.get_weights()[0]).max() > 1e-5
