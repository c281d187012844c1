"""A uniform sample of a stream."""

import numpy as np

from keras_recipe.data.batch import Batch
from keras_recipe.data.reservoir import Reservoir


def stream(rows=1000, size=7):
    whole = Batch(
        {"a": np.arange(rows), "b": np.arange(rows)[:, None] * 2.0}, np.arange(rows) * 3
    )
    return [whole.take(slice(i, i + size)) for i in range(0, rows, size)]


def drawn(kept, seed=0, **settings):
    reservoir = Reservoir(kept, seed)
    passed = sum(len(batch) for batch in reservoir.watch(iter(stream(**settings))))
    assert passed == settings.get("rows", 1000)
    return reservoir.kept


def test_rows_stay_together_and_none_comes_twice():
    kept = drawn(100)
    assert len(kept) == 100 == len(set(kept.x["a"].tolist()))
    np.testing.assert_array_equal(kept.x["b"][:, 0], 2 * kept.x["a"])
    np.testing.assert_array_equal(kept.y, 3 * kept.x["a"])


def test_fewer_rows_than_asked_for_are_all_kept():
    assert sorted(drawn(50, rows=20).x["a"].tolist()) == list(range(20))


def test_every_row_is_as_likely():
    counts = np.zeros(100)
    for seed in range(400):
        counts[drawn(20, seed, rows=100).x["a"]] += 1
    assert abs(counts.mean() - 80) < 1e-9
    assert counts.min() > 80 - 5 * 8  # binomial(400, 0.2): sd 8
    assert counts.max() < 80 + 5 * 8


def test_the_batches_of_the_user_are_not_written_to():
    batches = stream(rows=300)
    before = [batch.x["a"].copy() for batch in batches]
    list(Reservoir(5, 0).watch(iter(batches)))
    for batch, old in zip(batches, before, strict=True):
        np.testing.assert_array_equal(batch.x["a"], old)


def test_rows_of_another_shape_are_left_out():
    reservoir = Reservoir(10, 0)
    batches = [Batch(np.full((4, width), width)) for width in (3, 5, 3, 8)]
    list(reservoir.watch(iter(batches)))
    assert reservoir.kept.x.shape == (8, 3)
