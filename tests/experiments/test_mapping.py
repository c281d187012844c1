"""Class numbers of two splits, by what a simple model reads."""

import numpy as np
import pytest
from specimens import diabetes, digits

from keras_recipe.data.batch import Batch
from keras_recipe.data.crossfit import CrossFit, Question
from keras_recipe.experiments.mapping import mapped, scale_of


def answer(x, y, xv, yv, classes=True):
    fit = CrossFit(Batch(x, y), Batch(xv, yv), [Question("out", 0, classes)])
    return fit.answers()[0]


def renamed(rename, gain=0.1):
    x, y = digits()
    other = rename(y[600:900])
    return mapped(answer(x[:600], y[:600], x[600:900], other), y[:600], other, gain)


def test_equal_numbers_are_left_alone():
    assert renamed(lambda y: y) is None


def test_swapped_and_moved_numbers():
    swapped = renamed(lambda y: np.where(y == 0, 6, np.where(y == 6, 0, y)))
    assert sorted(swapped.pairs) == [(0, 6), (6, 0)]
    assert swapped.as_given < 0.1 < 0.8 < swapped.as_mapped
    assert len(renamed(lambda y: y + 5).pairs) >= 8


def test_one_class_that_is_read_as_another_is_no_mapping():
    assert renamed(lambda y: np.where(y == 3, 8, y)) is None


def test_the_gain_decides():
    assert renamed(lambda y: np.where(y < 2, 1 - y, y), gain=0.5) is None


@pytest.mark.parametrize(("change", "factor"), [(lambda y: 10 * y, 10), (lambda y: y, 1)])
def test_scales_of_amounts(change, factor):
    x, y = diabetes()
    found = scale_of(answer(x[:300], y[:300], x[300:], change(y[300:]), classes=False))
    assert found.factor == pytest.approx(factor, rel=0.2)
    assert found.z > 5


def without_class(gone, rename):
    """Held-out rows that lack a class, under numbers of their own."""
    x, y = digits()
    kept = ~np.isin(y[600:1100], gone)
    xv, yv = x[600:1100][kept], rename(y[600:1100][kept])
    return mapped(answer(x[:600], y[:600], xv, yv), y[:600], yv, 0.1)


def closed_up(y):
    return np.unique(y, return_inverse=True)[1]


def test_numbers_that_close_up_where_a_class_is_missing():
    found = without_class([4], closed_up)
    assert found.pairs == [(float(k), float(k + 1)) for k in range(4, 9)]
    assert found.as_given < 0.1 < 0.8 < found.as_mapped
    assert without_class([2, 7], closed_up).pairs[-1] == (7.0, 9.0)


@pytest.mark.parametrize(
    ("gone", "rename"),
    [
        ([4], lambda y: y),
        ([8, 9], lambda y: y),
        ([8], lambda y: closed_up(y)),
    ],
    ids=["numbers kept", "last ones missing", "one number moved"],
)
def test_numbers_that_do_not_close_up_are_left_alone(gone, rename):
    assert without_class(gone, rename) is None


def test_inputs_that_drift_by_a_grade_are_no_mapping():
    random = np.random.default_rng(0)
    grade = random.integers(0, 4, 900)
    x = (grade + 0.2 * random.standard_normal(900)).astype("float32")[:, None]
    x[600:] += 1
    made = answer(x[:600], grade[:600], x[600:], grade[600:])
    assert mapped(made, grade[:600], grade[600:], 0.1) is None
