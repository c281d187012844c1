"""The order of rows, followed in pieces."""

import numpy as np
import pytest

from keras_recipe.data.batch import Batch
from keras_recipe.data.order import Course, Order, label_of_rows


def order(x, y, pieces=3):
    made = Order()
    for part in np.array_split(np.arange(len(x)), pieces):
        made.add(Batch(x[part], y[part]))
    return made


X = np.random.default_rng(0).standard_normal((120, 3))


@pytest.mark.parametrize("pieces", [1, 4, 120])
def test_runs_do_not_depend_on_the_pieces(pieces):
    found = order(X, np.repeat([2, 0, 1], 40), pieces)
    assert found.labels == [(2.0, 40), (0.0, 40), (1.0, 40)]
    assert found.pure_batches(10) == 1
    assert found.pure_batches(30) == 0.5
    assert found.pure_batches(50) == 1 / 3  # the last one is short
    assert found.pure_by_chance(2) == pytest.approx(1 / 3)


def test_one_hot_labels_and_labels_of_many_numbers():
    hot = np.eye(3)[np.repeat([2, 0, 1], 40)]
    assert order(X, hot).labels == [(2.0, 40), (0.0, 40), (1.0, 40)]
    assert order(X, X).labels is None
    assert label_of_rows(np.array(["a"])) is None


def test_courses():
    made = Course()
    for part in np.array_split(np.arange(100.0), 7):
        made.add(part)
    assert made.monotone == 1
    assert made.roughness < 0.01
    mixed = Course()
    mixed.add(np.random.default_rng(0).standard_normal(1000))
    assert mixed.monotone == 0
    assert mixed.roughness == pytest.approx(1, abs=0.1)
    constant = Course()
    constant.add(np.ones(9))
    assert (constant.monotone, constant.roughness) == (0, 1.0)


def test_a_series_is_a_course_and_a_table_is_none():
    series = np.cumsum(X, axis=0)
    assert order(series, X[:, :1]).is_course
    assert not order(X, X[:, :1]).is_course
