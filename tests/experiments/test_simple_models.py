import numpy as np
import pytest
from specimens import cancer, diabetes, digits

from keras_recipe.core.errors import NotApplicable
from keras_recipe.experiments.simple_models import NAMES, answers, crossed


def ones(x):
    return np.ones(len(x))


@pytest.mark.parametrize("kind", ["linear", "neighbours"])
def test_digits_are_read(kind):
    x, y = digits()
    said = answers(kind, "classes", x[:600], y[:600], ones(x[:600]), x[600:])
    assert (said == y[600:]).mean() > 0.85
    assert said.dtype == y.dtype


@pytest.mark.parametrize("kind", ["linear", "neighbours"])
def test_folds_are_as_good_as_rows_held_out(kind):
    x, y = cancer()
    assert (crossed(kind, "classes", x, y, ones(x)) == y).mean() > 0.93


def test_numbers_keep_their_shape():
    x, y = diabetes()
    both = np.stack([y, -y], 1)
    said = crossed("linear", "numbers", x, both, ones(x))
    assert said.shape == both.shape
    assert np.corrcoef(said[:, 0], y)[0, 1] > 0.6


@pytest.mark.parametrize("kind", ["linear", "neighbours"])
def test_several_labels_at_once(kind):
    x, y = digits()
    labels = np.stack([y % 2, y > 4], 1).astype("int64")
    said = crossed(kind, "labels", x, labels, ones(x))
    assert ((said == labels).mean(0) > 0.8).all()


def test_weights_count():
    x, y = np.zeros((40, 1)), np.r_[np.zeros(30), np.ones(10)].astype("int64")
    x[0] = 1
    weights = np.where(y == 1, 10.0, 1.0)
    assert answers("linear", "classes", x, y, weights, x[1:2]) == 1
    assert answers("linear", "classes", x, y, ones(x), x[1:2]) == 0


def test_one_class_cannot_be_fitted():
    x = np.random.RandomState(0).normal(size=(30, 2))
    with pytest.raises(NotApplicable, match="cannot be fitted"):
        answers("linear", "classes", x, np.zeros(30, int), ones(x), x)


def test_every_kind_has_a_name_for_every_form():
    assert {form for _, form in NAMES} == {"classes", "labels", "numbers"}
    assert len(NAMES) == 6
