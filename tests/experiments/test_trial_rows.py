import numpy as np

from keras_recipe.data.batch import Batch
from keras_recipe.experiments.trial_rows import SeededRows


def order(seed, batches, size=4, count=10):
    rows = SeededRows(Batch(np.arange(count), np.arange(count) * 2), size, seed)
    found = [rows[index] for index in batches]
    assert all(np.array_equal(2 * x, y) for x, y in found)
    return np.concatenate([x for x, _ in found])


def test_every_row_comes_once_before_any_comes_again():
    found = order(0, range(5))
    assert sorted(found[:10]) == sorted(found[10:]) == list(range(10))
    assert list(found[:10]) != list(found[10:])


def test_the_seed_alone_decides_whatever_is_asked_first():
    np.random.seed(3)
    first = order(1, range(5))
    np.random.seed(4)
    rows = SeededRows(Batch(np.arange(10)), 4, 1)
    again = {index: rows[index][0] for index in (4, 0, 3, 1, 2)}
    assert list(first) == list(np.concatenate([again[i] for i in range(5)]))
    assert list(first) != list(order(2, range(5)))


def test_a_batch_may_be_larger_than_the_rows():
    assert len(order(0, [0], size=25)) == 25


def test_weights_are_handed_on():
    rows = SeededRows(Batch(np.arange(3), np.arange(3), np.arange(3) / 2), 2, 0)
    x, _, weights = rows[0]
    assert np.array_equal(weights, x / 2)
