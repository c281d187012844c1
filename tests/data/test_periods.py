"""Rows that come again and again in the same order."""

import numpy as np
import pytest

from keras_recipe.data.batch import Batch
from keras_recipe.data.contents import Contents
from keras_recipe.data.periods import period

ROWS = np.random.default_rng(0).normal(size=(12, 3))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (ROWS, 0),
        (np.tile(ROWS, (3, 1)), 12),
        (np.tile(ROWS, (3, 1))[:-5], 12),
        (np.tile(ROWS, (2, 1))[:-5], 0),
        (np.concatenate([ROWS, ROWS[::-1]]), 0),
        (np.zeros((9, 2)), 1),
        (ROWS[:1], 0),
    ],
)
def test_the_smallest_number_after_which_all_rows_come_again(rows, expected):
    found = Contents()
    found.add(Batch(rows))
    assert period(found) == expected


def test_nothing_is_said_of_an_empty_split_or_of_rows_left_out():
    assert period(Contents()) == 0
    few = Contents(4)
    few.add(Batch(np.tile(ROWS, (3, 1))))
    assert period(few) == 0
