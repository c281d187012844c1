"""Rows dealt out anew."""

import numpy as np

from keras_recipe.data.resplitting import drop_copies, shuffle_and_split

Y = np.repeat(np.arange(5), 20)
X = np.stack([np.arange(100.0), Y], axis=1)


def test_sorted_classes_are_in_both_splits_and_every_row_in_one():
    given = {"x": X, "y": Y, "validation_split": 0.2, "shuffle": False, "epochs": 4}
    made = shuffle_and_split(given)
    held_x, held_y = made["validation_data"]
    assert np.bincount(held_y).tolist() == [4] * 5
    np.testing.assert_array_equal(held_x[:, 1], held_y)
    rows = np.sort(np.r_[made["x"][:, 0], held_x[:, 0]])
    np.testing.assert_array_equal(rows, np.arange(100))
    assert made["shuffle"]
    assert made["epochs"] == 4
    assert given["validation_split"] == 0.2


def test_the_same_seed_deals_alike():
    one, two, other = (shuffle_and_split({"x": X, "y": Y}, seed=s)["x"] for s in (0, 0, 1))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)
    np.testing.assert_array_equal(np.sort(one[:, 0]), np.arange(100))


def test_amounts_and_weights_of_one_split_only():
    held = X[:10] + 0.5, np.arange(10.0)
    made = shuffle_and_split(
        {
            "x": X,
            "y": np.linspace(0, 1, 100),
            "sample_weight": np.full(100, 2.0),
            "validation_data": held,
        }
    )
    assert len(made["validation_data"][0]) == 10
    assert np.r_[made["sample_weight"], made["validation_data"][2]].sum() == 210


def test_each_row_is_kept_once():
    given = {"x": np.r_[X, X[:30]], "y": np.r_[Y, Y[:30]], "validation_data": (X[:50], Y[:50])}
    made = drop_copies(given)
    rows = np.r_[made["x"][:, 0], made["validation_data"][0][:, 0]]
    np.testing.assert_array_equal(np.sort(rows), np.arange(100))
    assert len(made["validation_data"][0]) == 28  # 50 of 180


def test_several_inputs_stay_beside_each_other():
    given = {"x": {"a": X, "b": X[:, :1] + 7}, "y": Y, "validation_split": 0.5}
    made = shuffle_and_split(given)
    for x in (made["x"], made["validation_data"][0]):
        np.testing.assert_array_equal(x["a"][:, :1] + 7, x["b"])
