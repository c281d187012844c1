"""Rows that are the same, labels that differ, and columns that say nothing new."""

import numpy as np
import pytest

from keras_recipe.data.batch import Batch
from keras_recipe.data.sameness import (
    constant_columns,
    copied_columns,
    groups_of_rows,
    label_spread,
)
from keras_recipe.data.statistics import measure


def table(x):
    return measure([Batch(x)]).x[0]


def test_equal_rows_share_a_number_and_the_most_frequent_is_0():
    a = np.array([3, 1, 1, 2, 1, 3])
    b = np.zeros((6, 2, 2))
    assert groups_of_rows([a, b]).tolist() == [1, 0, 0, 2, 0, 1]
    b[4] = 1
    assert len(set(groups_of_rows([a, b]).tolist())) == 4
    assert groups_of_rows([np.array(["a", "b", "a"])]).tolist() == [0, 1, 0]


def test_label_spread_of_chosen_rows():
    y, chosen = np.array([0, 1, 0, 1, 2, 2]), np.arange(6) < 4
    assert label_spread([y], np.ones(6, bool)) == pytest.approx(1)
    assert label_spread([y], y == 1) == 0
    one_hot = np.eye(3)[y]
    assert label_spread([y], chosen) == pytest.approx(label_spread([one_hot], chosen))
    assert label_spread([y, np.zeros(6)], chosen) == 0  # the least of several
    assert label_spread([], chosen) == 0
    amounts = np.random.default_rng(0).standard_normal(2000)
    assert label_spread([amounts], np.arange(2000) % 2 == 0) == pytest.approx(1, abs=0.1)


def test_constant_columns_that_need_a_reason():
    x = np.random.default_rng(0).normal(0, 50, (60, 5)).astype("float32")
    x[:, 1], x[:, 2], x[:, 3] = 7, 0, 1
    assert constant_columns(table(x)) == [1]


@pytest.mark.parametrize(
    "x",
    [
        np.tile(np.float32([0, 5, 5]), (9, 1)) * (np.arange(3) > 0),  # at the end of the range
        np.full((9, 3), 7, "int32"),  # tokens
        np.full((9, 3, 2), 7, "float32"),  # no table
        np.full((9, 1), 7, "float32"),  # one column: the whole input, judged elsewhere
    ],
)
def test_constant_for_a_reason(x):
    assert constant_columns(table(x)) == []


def columns(width=12, rows=300):
    return np.random.default_rng(0).standard_normal((rows, width)).astype("float32")


def test_a_copied_column_is_found():
    x = columns()
    x[:, 9] = x[:, 4]
    assert copied_columns(table(x), x[:50]) == [(4, 9)]


def test_columns_equal_in_a_part_only_are_no_copies():
    x = columns()
    x[:, 9] = x[:, 4]
    x[299, 9] += 1e-3
    assert copied_columns(table(x), x[:50]) == []


@pytest.mark.parametrize(
    "x",
    [
        columns(),
        np.repeat(columns(1), 128, axis=1),  # copies are the rule
        np.repeat((columns(6) > 0).astype("float32"), 2, axis=1)[:, :11],  # bits
        np.zeros((300, 20), "float32"),
    ],
)
def test_copies_for_a_reason(x):
    assert copied_columns(table(x), x[:50]) == []


def test_copies_among_very_many_columns():
    x = columns(700, 2000)
    x[:, 650] = x[:, 3]
    assert copied_columns(table(x), x[:100]) == [(3, 650)]
