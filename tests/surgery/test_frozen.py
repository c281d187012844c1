import keras
import numpy as np
import pytest
from healthy import BUILDERS
from keras import layers as L
from specimens import compiled

from keras_recipe.surgery.frozen import (
    everything_trainable,
    frozen,
    train_everything,
    untrained,
)


def with_frozen(layer, shape=(64,)):
    layer.trainable = False
    model = compiled(layer, L.Dense(10, activation="softmax"), shape=shape)
    return model, layer


@pytest.mark.parametrize("initializer", ["glorot_uniform", "he_normal", "random_normal"])
def test_a_fresh_frozen_kernel_is_untrained(initializer):
    model, layer = with_frozen(L.Dense(16, kernel_initializer=initializer, name="fresh"))
    assert [found for _, found in frozen(model)] == [layer]
    assert untrained(model) == ["fresh"]


def test_one_bias_that_moved_means_trained():
    model, layer = with_frozen(L.Dense(16))
    layer.bias.assign(np.linspace(0, 0.01, 16))
    assert untrained(model) == []


def test_values_of_another_distribution_mean_loaded():
    model, layer = with_frozen(L.Dense(16, use_bias=False))
    layer.kernel.assign(np.random.RandomState(0).laplace(0, 0.05, (64, 16)))
    assert untrained(model) == []


def test_constants_are_not_random():
    model, _ = with_frozen(L.Dense(16, kernel_initializer="ones"))
    assert untrained(model) == []


def test_a_pretrained_backbone_is_not_untrained():
    model = BUILDERS["frozen_pretrained_backbone"]()[0]
    assert len(frozen(model)) == 2
    assert untrained(model) == []


def test_everything_trains_only_inside():
    model, layer = with_frozen(L.Dense(16))
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    with everything_trainable(model):
        assert len(model.trainable_variables) == 4
        assert model.optimizer is not optimizer
    assert not layer.trainable
    assert model.optimizer is optimizer


def test_train_everything_moves_the_frozen_kernel():
    model, layer = with_frozen(L.Dense(16, activation="relu"))
    train_everything(model)
    before = np.array(keras.ops.convert_to_numpy(layer.kernel))
    x = np.random.RandomState(0).normal(size=(32, 64)).astype("float32")
    model.fit(x, np.arange(32) % 10, verbose=0)
    assert np.abs(keras.ops.convert_to_numpy(layer.kernel) - before).max() > 0
