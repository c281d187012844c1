"""Labels of every form become statistics, and these the closed forms of common losses."""

import numpy as np
import pytest

from keras_recipe.surgery.candidates import candidates
from keras_recipe.surgery.targets import make_targets

ROWS = 200


CLASSES = np.repeat([0, 1, 2], [120, 60, 20])
PRIORS = np.array([0.6, 0.3, 0.1])
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]


def forms(y, shape, size, **weights):
    return {c.name: c for c in candidates(make_targets("out", y, shape, **weights), size)}


@pytest.mark.parametrize("y", [CLASSES, CLASSES[:, None], ONE_HOT, CLASSES.tolist()])
def test_class_numbers_and_rows_say_the_same(y):
    found = forms(y, (3,), 3)
    np.testing.assert_allclose(found["mean"].values, PRIORS, rtol=1e-6)
    np.testing.assert_allclose(found["log"].values, np.log(PRIORS), rtol=1e-6)
    np.testing.assert_allclose(found["mean"].scale, np.sqrt(PRIORS * (1 - PRIORS)), rtol=1e-5)


def test_a_class_that_never_occurs_counts_as_half_a_label_and_is_not_free():
    found = forms(CLASSES, (4,), 4)["log"]
    assert found.values[3] == pytest.approx(np.log(0.5 / ROWS))
    assert found.free.tolist() == [True, True, True, False]


def test_negative_values_have_no_logarithm():
    assert set(forms(np.array([-3.0, 1.0]), (1,), 1)) == {"mean", "median", "arctanh", "zero"}
    assert "arctanh" not in forms(np.array([-30.0, 1.0]), (1,), 1)


def test_weights_of_rows_tokens_and_classes():
    tokens = np.array([[0, 1], [1, 2]])
    by_row = forms(tokens, (2, 3), 3, sample_weight=[3.0, 1.0])["mean"].values
    np.testing.assert_allclose(by_row, [3 / 8, 4 / 8, 1 / 8])
    by_token = forms(tokens, (2, 3), 3, sample_weight=[[0, 1], [1, 2]])["mean"].values
    np.testing.assert_allclose(by_token, [0, 2 / 4, 2 / 4])
    by_class = forms(tokens, (2, 3), 3, class_weight={0: 2.0})["mean"].values
    np.testing.assert_allclose(by_class, [2 / 5, 2 / 5, 1 / 5])


def test_a_value_for_each_position_of_class_numbers():
    tokens = np.array([[0, 1], [1, 2], [0, 2], [0, 2]])
    found = forms(tokens, (2, 3), 6)["mean"].values
    np.testing.assert_allclose(found, [3 / 4, 1 / 4, 0, 0, 1 / 4, 3 / 4])


def test_an_ignored_class_is_left_out():
    found = forms(np.array([0, 1, 1, 255]), (2,), 2, ignored=255)["mean"].values
    np.testing.assert_allclose(found, [1 / 3, 2 / 3])


def test_weighted_median_of_each_column():
    y = np.array([[1.0, 5.0], [2.0, 4.0], [3.0, 0.0]])
    found = forms(y, (2,), 2, sample_weight=[1.0, 1.0, 5.0])["median"].values
    assert found.tolist() == [3.0, 0.0]
