import tracemalloc

import numpy as np
import pytest

from keras_recipe.looking import measures as module
from keras_recipe.looking.kinds import Drawn
from keras_recipe.looking.measures import beyond, fences, measures


def test_fences_are_tukeys():
    values = np.arange(1.0, 102.0)  # quartiles 26 and 76
    assert fences(values) == (26 - 75, 76 + 75)
    assert fences(values, 3.0) == (26 - 150, 76 + 150)


@pytest.mark.parametrize(
    "values", [np.arange(100) % 10, np.r_[np.zeros(90), np.arange(20.0)], np.full(5, np.nan)]
)
def test_there_are_no_fences_without_a_scale(values):
    assert fences(values.astype("float64")) is None
    assert not beyond(values, None).any()


def test_gaps_are_not_outside():
    assert beyond(np.array([np.nan, 5.0, -5.0]), (0, 1)).tolist() == [False, True, True]


def test_rows_of_a_table():
    x = np.random.default_rng(0).standard_normal((200, 3))
    x[7] = [99, np.nan, -99]
    x[8] = np.nan
    found = measures(Drawn("row", "x", x))
    assert found["outliers"][7] == 2
    assert found["gaps"][7:9].tolist() == [1, 3]
    assert np.isnan(found["mean"][8])
    assert (found["min"][7], found["max"][7]) == (-99, 99)
    np.testing.assert_allclose(found["std"][:7], x[:7].std(1))


def test_the_size_of_padded_rows_is_what_comes_before_the_padding():
    tokens = np.array([[3, 0, 3, 0], [0, 0, 0, 0], [1, 2, 3, 4]])
    found = measures(Drawn("tokens", "x", tokens))
    assert found["size"].tolist() == [3, 0, 4]
    assert found["distinct"].tolist() == [2, 0, 4]
    steps = np.zeros((2, 5, 2))
    steps[0, 2, 1] = 1.0
    assert measures(Drawn("series", "x", steps))["size"].tolist() == [3, 0]


def test_the_size_of_text_is_its_letters():
    found = measures(Drawn("text", "x", np.array([["ab"], [""]])), ["ab", ""])
    assert found["size"].tolist() == [2, 0]


RANDOM = np.random.default_rng(1)
KINDS = {
    "image": RANDOM.integers(0, 256, (60, 6, 5, 3), "uint8"),
    "series": np.where(RANDOM.random((60, 8, 2)) < 0.2, 0, RANDOM.random((60, 8, 2))),
    "row": np.where(RANDOM.random((60, 4)) < 0.1, np.nan, RANDOM.standard_cauchy((60, 4))),
    "tokens": RANDOM.integers(0, 5, (60, 9)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_change_no_number(kind, monkeypatch):
    drawn = Drawn(kind, "x", KINDS[kind])
    whole = measures(drawn)
    monkeypatch.setattr(module, "PIECE", 50)
    pieces = measures(drawn)
    assert list(pieces) == list(whole)
    for name, values in whole.items():
        np.testing.assert_array_equal(pieces[name], values)
        assert pieces[name].dtype == values.dtype


@pytest.mark.parametrize("kind", ["image", "row"])
def test_large_rows_take_little_memory(kind):
    x = np.tile(np.arange(250, dtype="uint8"), (20_000, 1))
    drawn = Drawn(kind, "x", x.reshape(-1, 25, 10) if kind == "image" else x)
    tracemalloc.start()
    measures(drawn)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2 * x.nbytes
