"""Inputs and targets written in another way."""

import numpy as np
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.data.recoding import (
    blank_columns,
    by_table,
    change_inputs,
    change_rows,
    change_targets,
    fill_gaps,
    recode,
)

X = np.arange(12.0).reshape(6, 2)
Y = np.array([1, 2, 3, 1, 2, 3], "uint8")


def given(**more):
    return {"x": X, "y": Y, "validation_data": (X[:3], Y[:3]), **more}


def test_labels_get_other_numbers_in_all_splits_and_keep_their_type():
    before = given()
    made = recode(before, table={1.0: 0.0, 2.0: 1.0, 3.0: 2.0})
    assert made["y"].tolist() == [0, 1, 2, 0, 1, 2]
    assert made["validation_data"][1].tolist() == [0, 1, 2]
    assert made["y"].dtype == "uint8"
    assert before["y"].tolist() == [1, 2, 3, 1, 2, 3]


def test_one_split_alone_is_changed():
    made = recode(given(), table={1.0: 2.0, 2.0: 1.0}, splits=["validation"])
    assert made["y"].tolist() == Y.tolist()
    assert made["validation_data"][1].tolist() == [2, 1, 3]


@pytest.mark.parametrize(
    ("labels", "table", "expected"),
    [
        ([-1, 1], {-1: 0, 1: 1}, [0, 1]),
        ([0.0, 0.25, 1.0], {0: 0, 0.25: 1, 1: 4}, [0, 1, 4]),
        ([True, False], {0: -1, 1: 1}, [1, -1]),
    ],
)
def test_labels_of_any_type(labels, table, expected):
    assert by_table(np.array(labels), table=table).tolist() == expected


def test_two_labels_do_not_become_one_by_accident():
    with pytest.raises(InputError, match="would mean two things"):
        by_table(np.array([0, 1, 2]), table={2.0: 1.0})


def test_rows_of_both_splits_are_changed():
    made = change_rows(given(epochs=2), change=lambda rows: rows.take(slice(0, 2)))
    assert (len(made["x"]), len(made["validation_data"][1]), made["epochs"]) == (2, 2, 2)


def test_one_of_several_inputs_and_targets():
    arguments = {"x": [X, 10 * X], "y": {"a": Y, "b": X[:, :1]}}
    made = change_inputs(arguments, change=lambda a: a / 10, place=1)
    np.testing.assert_allclose(made["x"][1], X)
    np.testing.assert_array_equal(made["x"][0], X)
    made = change_targets(arguments, change=np.flipud, place=1)
    np.testing.assert_array_equal(made["y"]["b"], X[::-1, :1])
    np.testing.assert_array_equal(made["y"]["a"], Y)


def test_a_blank_column_tells_nothing_and_the_others_stay():
    pictures = np.random.default_rng(0).random((8, 2, 2, 1))
    made = blank_columns(
        {"x": pictures, "validation_data": (pictures[:4], None)}, columns=[(0, 3)]
    )
    for x, before in ((made["x"], pictures), (made["validation_data"][0], pictures[:4])):
        flat, old = x.reshape(len(x), -1), before.reshape(len(x), -1)
        assert len(np.unique(flat[:, 3])) == 1
        np.testing.assert_array_equal(flat[:, :3], old[:, :3])
        assert flat[0, 3] in pictures.reshape(8, -1)[:, 3]


def test_gaps_get_the_median_and_rows_without_target_go():
    x, y = X.copy(), X[:, 0].copy()
    x[0, 1], x[1, 1], y[5] = np.nan, np.inf, np.nan
    held = np.array([[np.nan, 1.0]]), np.array([0.5])
    made = fill_gaps({"x": x, "y": y, "validation_data": held})
    assert made["x"].shape == (5, 2)
    assert made["x"][0, 1] == made["x"][1, 1] == np.median(X[2:, 1])
    assert made["validation_data"][0][0, 0] == np.median(X[:, 0])
    assert np.isnan(x[0, 1])
