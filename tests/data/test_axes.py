import numpy as np
import pytest
from sklearn import datasets
from specimens import digits

from keras_recipe.data.axes import alike, scrambled

RANDOM = np.random.default_rng(0)


def walks(channels=3, steps=40, rows=100):
    return RANDOM.normal(size=(rows, channels, steps)).cumsum(2)


def colours():
    x = digits(flat=False)[0][:200]
    return np.concatenate([x, 0.5 * x, 1 - x], axis=-1)


def test_a_series_that_was_reshaped_is_read_again():
    x = walks()
    found = scrambled(x.reshape(100, 40, 3))
    assert found.shape == (3, 40)
    assert found.code == "x = x.reshape(len(x), 3, 40).transpose(0, 2, 1)"
    assert found.after > found.before
    assert scrambled(x.transpose(0, 2, 1)) is None


def test_pictures_that_were_reshaped_are_read_again():
    x = colours()
    planes = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    found = scrambled(planes.reshape(200, 8, 8, 3))
    again = planes.reshape(200, 8, 8, 3).reshape(200, *found.shape).transpose(found.order)
    np.testing.assert_array_equal(again, x)
    assert scrambled(x) is None


def photographs(size=24, rows=120):
    """Pieces of the two photographs of scikit-learn."""
    random, found = np.random.default_rng(0), []
    whole = datasets.load_sample_images().images
    for _ in range(rows):
        one = whole[random.integers(2)]
        top, left = (random.integers(0, side - size) for side in one.shape[:2])
        found.append(one[top : top + size, left : left + size])
    return np.stack(found).astype("float32")


def planes(x):
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2)).reshape(x.shape)


def test_photographs_that_are_alike_some_pixels_away_are_read_again():
    x = photographs()
    for one in (x, np.repeat(x[..., :1], 3, axis=-1), (x - x.mean()) / x.std()):
        found = scrambled(planes(one))
        assert found.code == "x = x.reshape(len(x), 3, 24, 24).transpose(0, 2, 3, 1)"
        np.testing.assert_array_equal(found.turned(planes(one)), one)


def test_of_two_readings_the_smoother_one_counts():
    x = np.repeat(digits(flat=False)[0][:200], 3, axis=-1)
    assert scrambled(planes(x)).shape == (3, 8, 8)


@pytest.mark.parametrize("channels", [2, 3, 4])
@pytest.mark.parametrize("apart", [0, 1, 10, 40])
@pytest.mark.parametrize("scale", [1, 8])
def test_channels_beside_each_other_are_left_alone(channels, apart, scale):
    x = np.repeat(photographs()[..., :1], channels, axis=-1)
    more = np.random.default_rng(0).normal(size=(len(x), 24 // scale, 24 // scale, channels))
    x = x + apart * more.repeat(scale, 1).repeat(scale, 2)
    assert scrambled(x) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x,
        lambda x: np.concatenate([x[..., :2], x[..., :1]], axis=-1),
        lambda x: np.concatenate([x[..., :1], 255 - x[..., :1]], axis=-1),
        lambda x: x * [1, 0, 0],
        lambda x: x.transpose(0, 2, 1, 3),
        lambda x: x[:, :12],
        lambda x: np.round(x / 64),
    ],
)
def test_photographs_as_they_are_are_left_alone(make):
    assert scrambled(make(photographs())) is None


@pytest.mark.parametrize(
    "x",
    [
        RANDOM.normal(size=(50, 20, 3)),
        np.repeat(RANDOM.normal(size=(50, 20, 1)), 3, axis=2),
        np.repeat(walks(1).transpose(0, 2, 1), 3, axis=2),
        np.array([0, 10, 20]) + walks().transpose(0, 2, 1),
        np.arange(20)[None, :, None] + RANDOM.normal(size=(50, 20, 4)),
        np.zeros((50, 20, 3)),
        RANDOM.integers(0, 2, (50, 3, 1)),
        RANDOM.normal(size=(4, 20, 3)),
        RANDOM.normal(size=(50, 7)),
    ],
    ids=str,
)
def test_other_things_are_left_alone(x):
    assert scrambled(x) is None


def test_neighbours_of_a_constant_are_not_alike():
    assert alike(np.ones((5, 4, 3)), 1) == 0
    assert alike(np.arange(60.0).reshape(3, 20, 1), 1) == pytest.approx(1)
