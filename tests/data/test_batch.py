"""Rows of nested arrays."""

import numpy as np

from keras_recipe.data.batch import Batch, leaves, mapped, names


def batch(rows=6):
    x = {"b": np.arange(rows), "a": np.arange(2 * rows).reshape(rows, 2)}
    return Batch(x, [np.arange(rows) * 10, None])


def test_leaves_are_in_keras_order_without_the_missing():
    assert [leaf.ndim for leaf in leaves(batch().x)] == [2, 1]  # by key: a, b
    assert len(leaves(batch().y)) == 1
    assert leaves(None) == []


def test_names_go_with_leaves():
    assert names(batch().x, "x") == ["x['a']", "x['b']"]
    assert names(batch().y, "y") == ["y[0]"]
    assert names(np.zeros(2), "x") == ["x"]
    assert names(None, "y") == []
    assert names([np.zeros(2), {"k": np.zeros(2)}], "x") == ["x[0]", "x[1]['k']"]


def test_mapped_leaves_the_missing_alone():
    assert mapped(len, [np.zeros(3), None]) == [3, None]


def test_take_keeps_structure_and_order():
    taken = batch().take([4, 1])
    assert len(taken) == 2
    np.testing.assert_array_equal(taken.x["b"], [4, 1])
    np.testing.assert_array_equal(taken.y[0], [40, 10])
    assert taken.y[1] is None
    assert taken.sample_weight is None


def test_with_x_keeps_the_rest():
    other = batch().with_x(np.zeros((6, 1)))
    assert other.x.shape == (6, 1)
    np.testing.assert_array_equal(other.y[0], batch().y[0])


def test_joined_undoes_take():
    whole = batch()
    again = Batch.joined([whole.take(slice(0, 2)), whole.take(slice(2, None))])
    np.testing.assert_array_equal(again.x["a"], whole.x["a"])
    np.testing.assert_array_equal(again.y[0], whole.y[0])
    assert again.y[1] is None
    assert again.sample_weight is None


def test_one_batch_joined_is_itself():
    whole = batch()
    assert Batch.joined([whole]) is whole
