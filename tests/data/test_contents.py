"""Hashes of rows: equal contents are equal, in any dtype, and memory stays bounded."""

import numpy as np
import pytest

from keras_recipe.data.batch import Batch
from keras_recipe.data.contents import Contents, conflicts, copies, row_hashes


def contents(x, y=None, most=2**21, pieces=1):
    made = Contents(most)
    for part in np.array_split(np.arange(len(x)), pieces):
        made.add(Batch(x[part], None if y is None else y[part]))
    return made


def numbers(rows=500, columns=6, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, columns)).astype("float32")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equal_rows_have_equal_hashes_in_any_precision(dtype):
    x = numbers()
    assert (row_hashes([x]) == row_hashes([x.astype(dtype)])).all()
    assert len(set(row_hashes([x]).tolist())) == 500
    assert (row_hashes([x[:, 0]]) == row_hashes([x[:, :1].astype(dtype)])).all()


def test_whole_numbers_text_and_several_inputs():
    ids = np.arange(2**24, 2**24 + 300)  # float32 could not tell these apart
    assert len(set(row_hashes([ids]).tolist())) == 300
    assert len(set(row_hashes([np.stack([ids, ids], 1)]).tolist())) == 300
    words = np.array([["a", "b"], ["ab", ""], ["a", "b"]])
    assert len(set(row_hashes([words]).tolist())) == 2
    pair = [numbers(3, 2), np.zeros((3, 4), "uint8")]
    assert len(set(row_hashes(pair).tolist())) == 3
    assert len(set(row_hashes([np.zeros((3, 0), "float32")]).tolist())) == 1


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "float16", "float32", "float64"])
def test_rows_of_bytes_have_equal_hashes_in_any_dtype(dtype):
    pixels = np.random.default_rng(0).integers(0, 256, (300, 5, 4)).astype("uint8")
    assert (row_hashes([pixels]) == row_hashes([pixels.astype(dtype)])).all()
    assert len(set(row_hashes([pixels.astype(dtype)]).tolist())) == 300


def test_rows_with_one_other_number_are_no_bytes():
    x = np.zeros((6, 40), "float32")
    x[1:, 39] = 0.5, 256, -1, np.nan, -0.0
    assert len(set(row_hashes([x]).tolist())) == 5
    assert row_hashes([x])[0] == row_hashes([x])[5]
    flags = np.eye(6, 9)
    assert (row_hashes([flags]) == row_hashes([flags.astype(bool)])).all()


@pytest.mark.parametrize("pieces", [1, 7])
def test_copies_across_splits(pieces):
    x, other = numbers(), numbers(200, seed=1)
    other[50:60] = x[3]
    found = copies(contents(other, pieces=pieces), contents(x, pieces=pieces))
    assert (found.count, found.share) == (10, 0.05)
    assert found.pairs[0] == (50, 3)
    assert copies(contents(numbers(9)), contents(numbers(9, seed=2))).pairs == []


def test_copies_know_whether_targets_agree():
    x, y = numbers(), np.arange(500) % 3
    other = y.copy()
    other[:250] = 7
    assert copies(contents(x, other), contents(x, y)).agreeing == 0.5


def test_conflicts_and_the_floor_of_the_error():
    x = np.repeat(numbers(100), 3, axis=0)
    y = np.tile([0, 0, 1], 100)
    y[:150] = 0
    found = conflicts(contents(x, y))
    assert found.share == pytest.approx(0.5)
    assert found.floor == pytest.approx(1 / 6)
    assert found.disagreeing == pytest.approx(1 / 3)  # of half of the inputs 2 of 3 pairs
    assert found.groups[0][2] - found.groups[0][0] == 2
    assert conflicts(Contents()).share == 0


@pytest.mark.parametrize("shares", [(0.9, 0.1), (0.5, 0.5), (0.7, 0.1, 0.1, 0.1)])
def test_two_labels_of_each_input_bound_the_share_of_wrong_ones(shares):
    x = np.repeat(np.random.default_rng(0).normal(size=(5000, 2)), 2, axis=0)
    y = np.random.default_rng(1).choice(len(shares), len(x), p=shares)
    low, high = conflicts(contents(x, y)).wrong
    assert 0.95 * low < 1 - shares[0] < 1.05 * high
    assert np.isnan(conflicts(contents(x[::2], y[::2])).disagreeing)


def test_merging_equals_one_pass():
    x = np.concatenate([numbers(300), numbers(300)[:30]])
    for most in (2**21, 100):
        whole, merged = contents(x, most=most), Contents(most)
        for part in np.array_split(x, 4):
            merged.merge(contents(part, most=most))
        assert copies(whole) == copies(merged)
        assert (merged.rows, merged.limit) == (330, whole.limit)
        for one, other in zip(whole.columns, merged.columns, strict=True):
            np.testing.assert_array_equal(one, other)


def test_bounded_memory_keeps_shares():
    x = numbers(4000, 2)
    x[2000:2400] = x[:400]
    small = contents(x, most=1000, pieces=9)
    assert len(small.columns[0]) <= 1000
    assert copies(small).share == pytest.approx(0.2, abs=0.06)
    held = contents(x[:1000])
    assert copies(held, small).share == pytest.approx(1)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_signs_of_zero_and_kinds_of_nan_do_not_tell_rows_apart(dtype):
    rows = np.array([[0.0, 0.5], [-0.0, 0.5], [np.nan, 1.5], [-np.nan, 1.5]], dtype)
    assert np.signbit(rows[3, 0]) != np.signbit(rows[2, 0])
    first, second, third, fourth = row_hashes([rows])
    assert first == second
    assert third == fourth != first
