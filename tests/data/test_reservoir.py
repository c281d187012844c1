"""A uniform sample of a stream."""

import pickle

import numpy as np
import pytest

from keras_recipe.data.batch import Batch
from keras_recipe.data.reservoir import Reservoir


def stream(rows=1000, size=7):
    whole = Batch(
        {"a": np.arange(rows), "b": np.arange(rows)[:, None] * 2.0}, np.arange(rows) * 3
    )
    return [whole.take(slice(i, i + size)) for i in range(0, rows, size)]


def drawn(kept, seed=0, **settings):
    reservoir = Reservoir(kept, seed)
    for batch in stream(**settings):
        reservoir.add(batch)
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
    reservoir = Reservoir(5, 0)
    for batch in batches:
        reservoir.add(batch)
    for batch, old in zip(batches, before, strict=True):
        np.testing.assert_array_equal(batch.x["a"], old)


def test_rows_of_another_shape_are_left_out():
    reservoir = Reservoir(10, 0)
    batches = [Batch(np.full((4, width), width)) for width in (3, 5, 3, 8)]
    for batch in batches:
        reservoir.add(batch)
    assert reservoir.kept.x.shape == (8, 3)


def read_part(number, rows, size):
    made = Reservoir(rows, 7, number)
    for batch in stream(300, size):
        batch = Batch({**batch.x, "part": np.full(len(batch), number)}, batch.y)
        made.add(batch)
    return made


@pytest.mark.parametrize("rows", [40, 500, 2000])
def test_merging_does_not_depend_on_who_read_what(rows):
    one = read_part(0, rows, 7)
    for number in (1, 2):
        one.merge(read_part(number, rows, 11))
    pair, other = read_part(1, rows, 300), read_part(0, rows, 64)
    pair.merge(read_part(2, rows, 5))
    other.merge(pickle.loads(pickle.dumps(pair)))
    for name in ("a", "b", "part"):
        np.testing.assert_array_equal(one.sample.x[name], other.sample.x[name])
    rows_of_parts = set(zip(one.sample.x["part"], one.sample.x["a"], strict=True))
    assert len(one.sample) == len(rows_of_parts) == min(rows, 900)


def test_parts_are_drawn_from_as_they_are_long():
    drawn_from = []
    for seed in range(200):
        made, second = Reservoir(20, seed, 0), Reservoir(20, seed, 1)
        made.add(Batch(np.zeros(300)))
        second.add(Batch(np.ones(100)))
        made.merge(second)
        drawn_from.append(made.sample.x.mean())
    assert abs(np.mean(drawn_from) - 0.25) < 5 * 0.0067  # sd of 4000 draws of a quarter


def test_a_seed_of_many_bits_does_not_mix_with_the_part():
    draws = [Reservoir(5, seed, part) for seed, part in ((2**40, 0), (2**40, 1), (0, 1))]
    for made in draws:
        made.add(Batch(np.arange(1000)))
    assert len({tuple(made.sample.x) for made in draws}) == 3


def test_longer_words_and_fractions_are_kept_whole():
    kept = Reservoir(4, seed=0)
    kept.add(Batch(np.array([["ab"]] * 4), np.arange(4)))
    for _ in range(8):
        kept.add(Batch(np.array([["abcdefgh"]] * 4), np.full(4, 0.5)))
    assert set(kept.sample.x.ravel().tolist()) <= {"ab", "abcdefgh"}
    assert 0.5 in kept.sample.y.tolist()
