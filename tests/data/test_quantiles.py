"""Quantiles in one pass are near the exact ones, and parts can be merged."""

import pickle
import tracemalloc

import numpy as np
import pytest

from keras_recipe.data import quantiles
from keras_recipe.data.batch import Batch
from keras_recipe.data.quantiles import AT, Quantiles

pytest.importorskip("crick", reason="the extra keras-recipe[data] is not installed")
RANDOM = np.random.default_rng(0)
KINDS = {
    "normal": RANDOM.standard_normal(50_000),
    "lognormal": np.exp(3 * RANDOM.standard_normal(50_000)),
    "sorted": np.sort(RANDOM.random(50_000)),
    "codes": RANDOM.integers(0, 256, 50_000).astype("float32"),
}


def sketched(array, parts=5, y=None):
    merged = Quantiles()
    for rows in np.array_split(np.arange(len(array)), parts):
        made = Quantiles()
        for some in np.array_split(rows, 3):
            made.add(Batch(array[some], None if y is None else y[some]))
        merged.merge(pickle.loads(pickle.dumps(made)))
    return merged


@pytest.mark.parametrize("kind", KINDS)
def test_ranks_are_right_to_one_percent(kind):
    values = np.sort(KINDS[kind])
    for rank, value in sketched(KINDS[kind]).of(0).items():
        low, high = (
            np.searchsorted(values, value, side) / len(values) for side in ("left", "right")
        )
        assert low - 0.01 <= float(rank) <= high + 0.01


def test_the_same_parts_give_the_same_numbers():
    assert sketched(KINDS["normal"]).of(0) == sketched(KINDS["normal"]).of(0)


def test_columns_of_a_table_are_apart_and_gaps_left_out():
    x = np.stack([np.arange(1000.0), 5 + np.zeros(1000)], 1)
    x[::2, 1] = np.nan
    x[0, 0] = np.inf
    made = sketched(x, y=np.arange(1000))
    assert made.of(0, 0)["0.5"] == pytest.approx(500, abs=10)
    assert set(made.of(0, 1).values()) == {5.0}
    assert made.of(1)["0.25"] == pytest.approx(250, abs=10)
    assert len(made.of(1)) == len(AT)


def test_pictures_are_put_together():
    made = sketched(RANDOM.random((100, 4, 4, 3)))
    assert made.digests[0].shape is None
    assert made.of(0)["0.5"] == pytest.approx(0.5, abs=0.05)


def test_rows_of_many_widths_are_put_together():
    one, other = Quantiles(), Quantiles()
    one.add(Batch(np.zeros((10, 3))))
    other.add(Batch(np.ones((30, 8))))
    other.add(Batch(np.ones((30, 9))))
    one.merge(other)
    assert one.of(0)["0.5"] == 1
    assert one.digests[0].each[0].size() == 30 + 240 + 270


@pytest.mark.parametrize("shape", [(4000, 28, 28), (40_000, 64)])
def test_a_large_batch_takes_little_memory(shape):
    x = RANDOM.integers(0, 256, shape, "uint8")
    some, made = x[:, ::2], Quantiles()  # not in one piece
    tracemalloc.start()
    made.add(Batch(some))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 * 2**20
    assert made.of(0)["0.5"] == pytest.approx(127, abs=3)


def test_pieces_change_no_number(monkeypatch):
    once = [sketched(KINDS["normal"].reshape(shape)).of(0) for shape in ((-1, 10), (-1, 5, 2))]
    monkeypatch.setattr(quantiles, "PIECE", 70)
    pieces = [sketched(KINDS["normal"].reshape(s)).of(0) for s in ((-1, 10), (-1, 5, 2))]
    assert once == pieces


def test_text_and_nothing():
    made = sketched(np.array(["a"] * 20), y=np.full(20, np.nan))
    assert made.of(0) == made.of(1) == Quantiles().of(0) == {}


def test_what_was_sent_gives_the_same_numbers_to_the_bit():
    def merged(sent):
        made = Quantiles()
        for part in np.array_split(KINDS["normal"], 5):
            one = Quantiles()
            one.add(Batch(part))
            made.merge(sent(one))
        return made.of(0)

    assert merged(lambda one: one) == merged(lambda one: pickle.loads(pickle.dumps(one)))


def test_without_the_library_there_are_none(monkeypatch):
    monkeypatch.setattr(quantiles, "_crick", lambda: None)
    assert sketched(KINDS["normal"]).of(0) == {}


def test_quantiles_of_classes_are_classes():
    found = sketched(RANDOM.integers(0, 10, 5000)).of(0)
    assert set(found.values()) <= set(range(10))
    assert found["0.5"] in (4, 5)
