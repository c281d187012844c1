"""First-layer weights as pictures, and whether neighbours in them are alike."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keras_recipe.surgery.filters import Filters, facts, first_filters, smoothness

RANDOM = np.random.default_rng(0)


def blobs(units=8, size=8):
    """Smooth filters."""
    grid = np.arange(size)
    centre = RANDOM.uniform(2, size - 2, size=(units, 2))
    high = np.exp(-((grid - centre[:, :1]) ** 2) / 8)
    wide = np.exp(-((grid - centre[:, 1:]) ** 2) / 8)
    return (high[:, :, None] * wide[:, None, :])[..., None]


def noise(units=8, size=8):
    return RANDOM.normal(size=(units, size, size, 1))


def test_blobs_are_smooth_and_noise_is_not():
    alike, beyond = smoothness(blobs())
    assert alike > 0.5
    assert beyond > 5
    scores = [smoothness(noise(), seed)[1] for seed in range(40)]
    assert np.mean(np.abs(scores) < 2) > 0.8


def test_filters_that_are_alike_do_not_count_as_many():
    one = RANDOM.normal(size=(1, 5, 5, 1))
    scores = [
        smoothness(np.repeat(RANDOM.normal(size=(1, 5, 5, 1)), 32, axis=0))[1]
        for _ in range(40)
    ]
    assert np.mean(np.abs(scores) < 2.5) > 0.8
    assert smoothness(one)[1] == pytest.approx(smoothness(np.repeat(one, 9, axis=0))[1])


def test_constant_filters_say_nothing():
    assert smoothness(np.ones((2, 5, 5, 1))) == (0.0, 0.0)


def test_a_convolution_and_a_dense_layer_on_images_are_found():
    conv = keras.Sequential(
        [keras.Input((8, 8, 3)), L.Rescaling(2.0), L.Conv2D(5, 3, name="c")]
    )
    assert first_filters(conv).weights.shape == (5, 3, 3, 3)
    entrance = keras.Input((6, 6))
    dense = keras.Model(entrance, L.Dense(4, name="d")(L.Flatten()(entrance)))
    found = first_filters(dense)
    assert found.weights.shape == (4, 6, 6, 1)
    kernel = keras.ops.convert_to_numpy(dense.get_layer("d").kernel)
    np.testing.assert_array_equal(found.weights[2].ravel(), kernel[:, 2])


@pytest.mark.parametrize(
    "stack",
    [
        [keras.Input((9,)), L.Dense(3)],
        [keras.Input((9, 4)), L.LSTM(3)],
        [keras.Input((8, 8, 9)), L.Conv2D(3, 3)],
        [keras.Input((4,), dtype="int32"), L.Embedding(5, 3), L.Flatten(), L.Dense(2)],
    ],
)
def test_what_is_no_image_has_no_filters(stack):
    assert first_filters(keras.Sequential(stack)) is None


def test_the_facts_are_plain_and_show_the_largest():
    before = Filters("c", noise(20).astype("float32"))
    after = Filters("c", before.weights + 3 * blobs(20).astype("float32"))
    found = facts(before, after, shown=4)
    assert len(found["pictures"]) == 4
    assert found["change_beyond"] > 5
    assert found["moved"] > 0.1
    assert facts(None, after) == {}
    assert facts(before, Filters("c", after.weights * np.inf)) == {}


class WithSpare(keras.Model):
    """Holds a layer that it never calls."""

    def __init__(self):
        super().__init__()
        self.spare = L.Dense(4)
        self.convolution = L.Conv2D(3, 5)

    def call(self, x):
        return self.convolution(x)


@pytest.mark.filterwarnings("ignore:.build\\(\\). was called")
def test_a_layer_that_was_never_called_is_passed_over():
    model = WithSpare()
    model(np.zeros((1, 8, 8, 1), "float32"))
    assert first_filters(model).weights.shape == (3, 5, 5, 1)


def test_a_series_in_front_of_a_flatten_is_no_image():
    model = keras.Sequential([keras.Input((12, 5)), L.Flatten(), L.Dense(8), L.Dense(1)])
    assert first_filters(model) is None
    square = keras.Sequential([keras.Input((6, 6)), L.Flatten(), L.Dense(8), L.Dense(1)])
    assert first_filters(square).weights.shape == (8, 6, 6, 1)
