import numpy as np
import pytest
from specimens import digits

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.data.crossfit import CrossFit, Question

CLASSES = [Question("y", 0, classes=True)]
RANDOM = np.random.default_rng(0)


def test_answers_leave_out_what_does_not_vary_or_count():
    x = RANDOM.normal(size=(60, 3))
    with pytest.raises(NotApplicable, match="vary"):
        CrossFit(Batch(x, np.ones(60)), None, CLASSES).answers()
    with pytest.raises(NotApplicable, match=r"too many classes.* 60 rows"):
        CrossFit(Batch(x, np.arange(60)), None, CLASSES).answers()
    y = (x[:, 0] > 0).astype(int)
    weights = (np.arange(60) < 40).astype("float32")
    (answer,) = CrossFit(Batch(x, y, weights), None, CLASSES).answers()
    assert len(answer.x) == len(answer.rows) == 40


def test_rows_of_small_weight_are_there_as_often_as_it_says():
    x = RANDOM.normal(size=(1000, 3))
    small = np.arange(1000) % 2 == 0
    numbers = [Question("y", 0, classes=False)]

    def rows(y, weights, asked=numbers):
        return CrossFit(Batch(x, y, weights), None, asked).answers()[0].rows

    kept = rows(x[:, 0], np.where(small, 0.1, 1.9)).sample_weight
    assert (kept > 1).sum() == 500
    assert 30 < (kept < 1).sum() < 75
    assert len(rows(x[:, 0], np.full(1000, 0.3, "float32"))) == 1000
    assert len(rows(x[:, 0], np.eye(1, 1000)[0] + 1e-6)) == 1000  # one row would be left
    weights = np.where(small, 0.7, 12.3).astype("float32")
    assert len(rows(small.astype(int), weights, CLASSES)) == 1000  # these are class weights
    assert len(rows(np.where(small, -1.0, 1.0), weights)) == 1000


def test_copies_of_training_rows_are_not_fresh():
    x, y = digits()
    fit = CrossFit(Batch(x[:200], y[:200]), Batch(x[150:250], y[150:250]), CLASSES)
    assert list(fit.answers()[0].fresh) == list(range(50, 100))
    few = RANDOM.integers(0, 2, (200, 3))
    fit = CrossFit(Batch(few, few[:, 0]), Batch(few[:50], few[:50, 0]), CLASSES)
    assert len(fit.answers()[0].fresh) == 50


def test_splits_alike_and_apart():
    x, y = (part[RANDOM.permutation(len(part))] for part in digits())  # stored by writer
    fit = CrossFit(Batch(x[:200], y[:200]), Batch(x[200:400], y[200:400]), CLASSES)
    assert fit.alike
    fit = CrossFit(Batch(x[:200], y[:200]), Batch(x[200:400] / 2, y[200:400]), CLASSES)
    assert not fit.alike


def test_validation_rows_of_another_shape_are_left_out():
    x, y = digits()
    fit = CrossFit(Batch(x[:100], y[:100]), Batch(x[:50, :32], y[:50]), CLASSES)
    assert len(fit.features[1]) == 0
    assert len(fit.answers()[0].held_y.values) == 0
