"""What the targets are."""

import tracemalloc

import numpy as np
import pytest

from keras_recipe.data.labels import MOST_FRACTIONS, MOST_VALUES, Labels, one_hot


def measured(array, pieces=3):
    labels = Labels("y", array.shape[1:], array.dtype)
    for part in np.array_split(array, pieces):
        labels.add(part, np.ones(len(part)))
    return labels


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32"])
@pytest.mark.parametrize("shape", [(), (1,), (5,), (5, 1)])
def test_class_numbers_are_counted(dtype, shape):
    y = np.random.default_rng(0).integers(0, 7, (60, *shape)).astype(dtype)
    labels = measured(y)
    values, counts = np.unique(y, return_counts=True)
    assert labels.values == dict(zip(values.tolist(), counts.tolist(), strict=True))
    assert labels.integers
    np.testing.assert_array_equal(
        labels.class_counts(9), np.bincount(y.astype(int).ravel(), minlength=9)
    )


def test_negative_and_far_apart_numbers_are_counted():
    assert measured(np.array([-1, -1, 1, 10**9])).values == {-1: 2, 1: 1, 1e9: 1}


def test_labels_out_of_range_are_left_out_of_the_classes():
    assert measured(np.array([-1, 0, 1, 1, 3, 9])).class_counts(4).tolist() == [1, 2, 0, 1]


@pytest.mark.parametrize(
    ("y", "known"),
    [
        (np.arange(MOST_VALUES), True),
        (np.arange(MOST_VALUES + 1), False),
        (np.arange(MOST_FRACTIONS) / 3, True),
        (np.arange(MOST_FRACTIONS + 1) / 3, False),
    ],
)
def test_too_many_values_are_not_kept(y, known):
    assert (measured(y).values is not None) == known


def test_one_hot_and_soft_labels():
    hot = np.eye(4, dtype="float32")[[0, 1, 3, 3, 2]]
    labels = measured(hot)
    assert labels.is_one_hot
    assert labels.is_distribution
    assert labels.class_counts(4).tolist() == [1, 1, 1, 2]
    soft = measured(0.9 * hot + 0.025)
    assert not soft.is_one_hot
    assert soft.is_distribution
    np.testing.assert_allclose(soft.class_counts(4).sum(), 5, rtol=1e-6)
    mixed = measured(np.concatenate([hot, np.ones((5, 4), "float32")]))
    assert (mixed.one_hot_share, mixed.distribution_share) == (0.5, 0.5)


def test_multi_hot_labels_are_summed():
    many = np.array([[1, 1, 0], [0, 1, 0], [1, 1, 1]])
    labels = measured(many)
    assert not labels.is_distribution
    assert labels.class_counts(3).tolist() == [2, 3, 1]


def test_scalars_have_no_vectors():
    labels = measured(np.arange(4.0))
    assert (labels.vectors, labels.one_hot_share, labels.distribution_share) == (0, 0, 0)
    assert labels.units == 1


def test_bad_labels_are_not_values():
    labels = measured(np.array([0.0, 1.0, np.nan, np.inf]))
    assert labels.values == {0: 1, 1: 1}
    assert labels.bad_rows == 2


@pytest.mark.parametrize(
    "y",
    [
        np.random.default_rng(0).integers(0, 9, 300),
        np.arange(MOST_VALUES + 300) % (MOST_VALUES + 1),
        np.concatenate([np.arange(200.0), np.arange(200) / 3]),
        np.concatenate([np.arange(MOST_VALUES + 1.0), [0.5]]),
        np.eye(4)[np.random.default_rng(0).integers(0, 4, 300)],
        np.full((300, 4), 0.25),
    ],
    ids=["classes", "too many", "fractions late", "a fraction after all", "one-hot", "soft"],
)
def test_merging_equals_one_pass(y):
    whole, merged = measured(y), Labels("y", y.shape[1:], y.dtype)
    for part in np.array_split(y, 5):
        merged.merge(measured(part))
    assert merged.values == whole.values
    for name in ("integers", "unit_rows", "one_hot_rows", "vectors", "rows"):
        assert getattr(merged, name) == getattr(whole, name)
    assert merged.integers == bool((y == np.rint(y)).all())


def test_class_numbers_become_vectors():
    classes = np.array([[2, 0, 1], [1, 1, 0]])
    np.testing.assert_array_equal(one_hot(classes, 3), np.eye(3)[classes])
    assert one_hot(np.array([10**6 - 1]), 10**6).sum() == 1  # a square would be 8 TB


def test_a_million_classes_fit_in_memory():
    tracemalloc.start()
    y = measured(np.arange(10**6))
    hot = Labels("y", (10**6,), np.dtype("uint8"))
    hot.add(np.eye(2, 10**6, dtype="uint8"), np.ones(2))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert y.values is None
    assert y.integers
    assert hot.is_one_hot
    assert peak < 150 * 2**20
