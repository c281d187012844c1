"""A table's columns are told from a signal's steps."""

import numpy as np
import pytest
from sklearn import datasets

from keras_recipe.data.columns import is_table

RANDOM = np.random.default_rng(0)
NOISE = RANDOM.normal(size=(400, 30))


@pytest.mark.parametrize(
    "values",
    [datasets.load_wine().data, NOISE * np.exp(RANDOM.normal(size=30))],
    ids=["wine", "columns of different size"],
)
def test_measurements_in_units_of_their_own_are_a_table(values):
    assert is_table(values) is True


@pytest.mark.parametrize(
    "values",
    [
        np.cumsum(NOISE, 1),
        np.cumsum(NOISE, 1) / np.sqrt(np.arange(1, 31)),
        NOISE,
        RANDOM.integers(0, 50, (400, 30)),
        datasets.load_digits().images.reshape(1797, -1),
    ],
    ids=["walk", "standardised walk", "noise", "tokens", "pixels"],
)
def test_steps_tokens_and_pixels_are_not(values):
    assert is_table(values) is False


def test_few_rows_or_columns_tell_nothing():
    assert is_table(NOISE[:20]) is None
    assert is_table(NOISE[:, :5]) is None
