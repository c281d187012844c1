"""One pass over every part of the data."""

import pickle

import numpy as np

from keras_recipe.data import statistics
from keras_recipe.data.batch import Batch
from keras_recipe.data.statistics import Statistics, measure


def test_every_part_is_measured():
    x = {"image": np.random.default_rng(0).random((50, 4, 4, 3)), "words": np.array(["a"] * 50)}
    y, weight = np.arange(50) % 3, np.full(50, 2.0)
    whole = Batch(x, y, weight)
    found = measure(whole.take(slice(i, i + 7)) for i in range(0, 50, 7))
    assert [leaf.name for leaf in found.all] == [
        "x['image']",
        "x['words']",
        "y",
        "sample_weight",
    ]
    assert found.rows == 50
    assert {leaf.rows for leaf in found.all} == {50}
    np.testing.assert_allclose(found.x[0].mean, x["image"].mean(0))
    assert found.y[0].class_counts(3).tolist() == [17, 17, 16]
    assert found.weights[0].overall[0] == 2
    assert not found.x[1].numeric


def test_pieces_do_not_change_the_numbers(monkeypatch):
    x = np.random.default_rng(0).normal(3, 2, (500, 6))
    x[77, 2] = np.nan
    whole = measure([Batch(x)]).x[0]
    monkeypatch.setattr(statistics, "PIECE", 40)
    pieces = measure([Batch(x)]).x[0]
    np.testing.assert_allclose(pieces.mean, whole.mean)
    np.testing.assert_allclose(pieces.std, whole.std)
    assert pieces.bad_indices == whole.bad_indices == [77]


def test_very_large_rows_are_kept_by_channel(monkeypatch):
    monkeypatch.setattr(statistics, "MOST_ELEMENTS", 20)
    x = np.random.default_rng(0).random((9, 5, 5, 2))
    leaf = measure([Batch(x)]).x[0]
    assert leaf.shape == (2,)
    assert leaf.rank == 3
    np.testing.assert_allclose(leaf.mean, x.mean((0, 1, 2)))


def test_sequences_padded_batch_by_batch():
    short, long = np.ones((4, 3), "int32"), np.full((4, 8), 2, "int32")
    found = measure([Batch(short, np.zeros(4)), Batch(long, np.ones(4))])
    np.testing.assert_allclose(found.x[0].overall, (76 / 44, np.std([1] * 12 + [2] * 32), 1, 2))
    assert found.rows == 8


def test_nothing_read():
    assert measure([]).rows == 0
    assert measure([]).all == []


def test_the_same_seed_gives_the_same_signature():
    x = np.random.default_rng(0).random((30, 4))
    one, two, other = (measure([Batch(x)], seed).x[0].signature for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_parts_are_merged_in_order():
    x, y = np.random.default_rng(0).normal(3, 2, (90, 4)), np.arange(90) % 3
    merged, whole = Statistics(1), measure([Batch(x, y)], 1)
    for number in range(3):
        part = Statistics(1, number)
        rows = slice(30 * number, 30 * number + 30)
        part.add(Batch(x[rows], y[rows]))
        merged.merge(pickle.loads(pickle.dumps(part)))
    merged.merge(Statistics(1, 3))
    assert merged.rows == 90
    assert [leaf.rows for leaf in merged.all] == [90, 90]
    assert merged.y[0].values == whole.y[0].values
    np.testing.assert_allclose(merged.x[0].mean, x.mean(0))
    np.testing.assert_allclose(merged.x[0].std, x.std(0))


def test_memory_stays_small():
    import tracemalloc

    x = np.zeros((20_000, 784), "uint8")
    tracemalloc.start()
    measure([Batch(x, np.zeros(20_000))])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.7 * x.nbytes
