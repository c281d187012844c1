"""Labels drawn anew at every reading are noise only where their average is no label."""

import keras
import numpy as np
import pytest

from keras_recipe.data.crossfit import Question
from keras_recipe.data.redrawn import averages_out
from keras_recipe.data.sources import open_source

X = np.random.default_rng(0).normal(size=(400, 4)).astype("float32")
AMOUNTS = X @ np.array([1.0, -1.0, 0.5, 0.0], "float32")
CLASSES = (AMOUNTS > 0).astype("int64")


class Anew(keras.utils.PyDataset):
    """Batches whose rows are changed by a function of them and a generator."""

    def __init__(self, y, change):
        super().__init__()
        self.y, self.change, self.random = y, change, np.random.default_rng(1)

    def __len__(self):
        return 10

    def __getitem__(self, i):
        rows = slice(40 * i, 40 * i + 40)
        return self.change(X[rows], self.y[rows], self.random)


def noisy(x, y, random):
    return x, y + 2 * random.normal(size=len(y))


def shuffled(x, y, random):
    return x, random.permutation(y)


def augmented(x, y, random):
    return x * random.choice([-1, 1]), y + 2 * random.normal(size=len(y))


def flipped(x, y, random):
    return x, np.where(random.random(len(y)) < 0.35, 1 - y, y)


@pytest.mark.parametrize(
    ("y", "change", "expected"),
    [
        (AMOUNTS, noisy, True),
        (CLASSES, flipped, True),
        (AMOUNTS, shuffled, False),
        (CLASSES, shuffled, False),
        (AMOUNTS, augmented, False),
        (AMOUNTS, lambda x, y, _: (x, y), False),
    ],
)
def test_noise_averages_out_and_what_is_wrong_does_not(y, change, expected):
    data = Anew(y, change)
    before = data.random.bit_generator.state
    asked = Question("y", 0, classes=y is CLASSES)
    assert averages_out(open_source(data), asked, 0) is expected
    assert data.random.bit_generator.state == before


def test_wrong_labels_that_stay_do_not_average_out():
    wrong = np.where(np.random.default_rng(2).random(400) < 0.35, 1 - CLASSES, CLASSES)
    asked = Question("y", 0, classes=True)
    assert not averages_out(open_source(X, wrong), asked, 0)
    assert not averages_out(open_source(Anew(wrong, lambda x, y, _: (x, y))), asked, 0)
