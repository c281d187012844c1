"""Augmentation that makes one class another fails; what keeps the label passes."""

import keras
import numpy as np
import pytest
from climbs import BETTER, WORSE, climbed
from keras import layers as L
from specimens import SPARSE, compiled, diabetes, examine
from zoo.material import stripes

from keras_recipe.checks.regularize.kr402_augmentation import augmentation
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def net(*front, classes=4, loss=SPARSE):
    stack = L.Conv2D(8, 3, activation="relu"), L.MaxPooling2D(), L.Flatten()
    head = L.Dense(classes, activation="softmax")
    optimizer = keras.optimizers.Adam(0.01)
    return compiled(*front, *stack, head, shape=(12, 12, 1), loss=loss, optimizer=optimizer)


def checked(model, x, y, **thresholds):
    thresholds = {"seconds": 600.0, "most_steps": 120, **thresholds}
    return examine(augmentation, model, x, y, thresholds, epochs=8)


class Mirrored(keras.Layer):
    """The user's own: turns half the pictures round in training."""

    def __init__(self):
        super().__init__()
        self.draws = keras.random.SeedGenerator(0)

    def call(self, x, training=False):
        if not training:
            return x
        draw = keras.random.uniform((keras.ops.shape(x)[0], 1, 1, 1), seed=self.draws)
        return keras.ops.where(draw < 0.5, keras.ops.flip(x, axis=2), x)


@pytest.mark.parametrize("layer", [lambda: L.RandomFlip("horizontal", seed=0), Mirrored])
def test_a_layer_that_mirrors_diagonals_fails(layer):
    x, y, _ = stripes(0)
    model = net(layer())
    before = [keras.ops.convert_to_numpy(v).copy() for v in model.variables]
    result = checked(model, x, y)
    assert result.status is Status.FAIL, result.message
    for one, other in zip(before, model.variables, strict=True):  # draws of the layer included
        np.testing.assert_array_equal(one, keras.ops.convert_to_numpy(other))
    assert {tuple(sorted(pair[:2])) for pair in result.evidence["confusions"]} == {(1, 3)}
    assert result.fix.tried["after"] > result.fix.tried["before"] + 0.3


def test_copies_in_the_data_fail_unless_the_label_goes_along():
    x, y, _ = stripes(0)
    x, y = x[:300], y[:300]
    both = np.concatenate([x, x[:, :, ::-1]])
    result = checked(net(), both, np.concatenate([y, y]))
    assert result.status is Status.FAIL, result.message
    assert "mirrored along axis 2" in result.message
    right = np.concatenate([y, np.array([0, 3, 2, 1])[y]])
    assert checked(net(), both, right).status is Status.PASS


def test_what_keeps_the_label_passes():
    x, y, _ = stripes(0)
    moved = L.RandomTranslation(0.1, 0.1, fill_mode="wrap", seed=0)
    assert checked(net(moved), x, y).status is Status.PASS
    turned = np.concatenate([x, x[:, ::-1, ::-1]])
    assert checked(net(), turned, np.concatenate([y, y])).status is Status.PASS


def test_brightness_made_for_another_range_fails():
    x, y, _ = stripes(0)
    bright = L.RandomBrightness(0.2, value_range=(0, 255), seed=0)
    result = checked(net(bright), x, y)
    assert result.status is Status.FAIL, result.message
    assert "far outside" in result.message
    fitting = L.RandomBrightness(0.2, value_range=(0, 1), seed=0)
    assert checked(net(fitting), x, y).status is Status.PASS


def spots(count):
    """Pictures of one soft spot, and its row and column from -1 to 1."""
    random, grid = np.random.RandomState(0), np.arange(12)
    at = random.uniform(1, 10, (count, 2))
    far = [(grid - one[:, None]) ** 2 for one in at.T]
    x = np.exp(-(far[0][:, :, None] + far[1][:, None]) / 2) + 0.05 * random.randn(count, 12, 12)
    return x.astype("float32")[..., None], (2 * at / 11 - 1).astype("float32")


def test_a_place_that_is_not_mirrored_along_fails():
    x, y = spots(250)
    both = np.concatenate([x, x[:, :, ::-1]])
    stack = L.Conv2D(8, 3, activation="relu"), L.Flatten(), L.Dense(24, "relu"), L.Dense(2)
    optimizer = keras.optimizers.Adam(5e-3)
    model = compiled(*stack, shape=(12, 12, 1), loss="mse", optimizer=optimizer)
    result = checked(model, both, np.concatenate([y, y]), most_steps=200)
    assert result.status is Status.FAIL, result.message
    assert "mirrored along axis 2" in result.message
    amount = np.hypot(*y.T)[:, None]  # how far from the middle: the same in the mirror
    model = compiled(*stack[:-1], L.Dense(1), shape=(12, 12, 1), loss="mse")
    assert checked(model, both, np.concatenate([amount, amount])).status is Status.PASS


def test_what_cannot_be_compared_only_warns():
    x, y, _ = stripes(0)
    hot = np.eye(4, dtype="float32")[y]
    model = net(L.RandomFlip("horizontal", seed=0), loss="categorical_crossentropy")
    result = checked(model, x, hot, seconds=0.0)
    assert result.status is Status.WARN
    assert "too long" in result.message


@pytest.mark.parametrize("name", ["plain", "noise", "amounts", "few"])
def test_not_applicable_says_why(name):
    x, y, _ = stripes(0)
    model, x, y, reason = {
        "plain": (net(), x, y, "nothing augments"),
        "noise": (net(L.GaussianNoise(0.1)), x, y, "nothing augments"),
        "amounts": (compiled(L.Dense(1), shape=(10,), loss="mse"), *diabetes(), "nothing augm"),
        "few": (net(), x[:40], y[:40], "too few"),
    }[name]
    with pytest.raises(NotApplicable, match=reason):
        checked(model, x, y)


def test_after_a_ladder_it_says_what_augmentation_gained_and_trains_nothing():
    def judged(scores, **settings):
        found = climbed(("shifted", "augmentation", scores), **settings)
        return augmentation(None, None, {}, None, None, 0, found)

    assert judged(BETTER).message.startswith("kept, 'shifted'")
    refused = judged(WORSE, left_out={"mirrored": "it makes of one class another"})
    assert refused.status is Status.PASS
    assert refused.evidence["mirrored"]["not tried"].startswith("it makes")
