import numpy as np
import pytest
from specimens import digits

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.features import (
    encoded,
    encoding,
    is_one_hot,
    is_placed,
    is_tokens,
    local,
    smaller,
)

RANDOM = np.random.default_rng(0)


def test_a_table_keeps_its_columns_and_loses_its_gaps():
    x = RANDOM.normal(size=(50, 4)).astype("float32")
    x[3, 1], x[4, 2] = np.nan, np.inf
    first, other = encoded(x, x[:7])
    assert first.shape == (50, 4)
    assert other.shape == (7, 4)
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first[:3], x[:3])


def test_wide_tables_become_components():
    assert encoded(RANDOM.normal(size=(80, 500)))[0].shape == (80, 64)


def test_tokens_are_told_from_tables_and_series():
    tokens = RANDOM.integers(0, 30, (60, 12))
    assert is_tokens(tokens)
    assert not is_tokens(tokens * 1.5)
    assert not is_tokens(RANDOM.integers(0, 2, (60, 12)))
    assert not is_tokens(tokens + 100 * np.arange(12))
    assert is_one_hot(np.eye(30)[tokens])
    assert not is_placed(np.eye(30)[tokens])


def test_one_hot_sequences_are_tokens():
    tokens = RANDOM.integers(0, 30, (60, 12))
    np.testing.assert_array_equal(encoded(np.eye(30)[tokens])[0], encoded(tokens)[0])


def test_a_thing_is_seen_wherever_it_is():
    x = np.zeros((64, 12, 12, 1), "float32")
    x[np.arange(64), RANDOM.integers(0, 11, 64), RANDOM.integers(0, 11, 64)] = 1
    made = local(x)(x)
    moved = local(x)(np.roll(x, 1, axis=1))
    inside = x[:, 1:10].any((1, 2, 3)) & ~x[:, [0, 1, 10, 11]].any((1, 2, 3))
    np.testing.assert_allclose(made[inside].max(1), moved[inside].max(1), atol=1e-5)


def test_detail_that_averaging_loses_is_seen():
    board = np.indices((32, 32)).sum(0) % 2 * 2.0 - 1
    noise = RANDOM.normal(size=(80, 32, 32, 1))
    x = noise + np.where(np.arange(80) % 2, 1, 0)[:, None, None, None] * board[..., None]
    made = local(x)(x)
    gaps = np.abs(made[::2].mean(0) - made[1::2].mean(0)) / made.std(0).clip(1e-9)
    assert gaps.max() > 1.8
    assert len(made[0]) == 4 + 2 * 3 * 24


def test_pieces_are_encoded_as_the_whole():
    for x in (digits()[0][:300], RANDOM.normal(size=(300, 20, 20, 3))):
        make = encoding(x[:100])
        parts = np.concatenate([make(x[:7]), make(x[7:])])
        np.testing.assert_allclose(parts, make(x), rtol=1e-5, atol=1e-5)


def test_two_inputs_of_one_shape_give_their_difference():
    x = digits()[0][:40]
    assert encoded([x, x[::-1]])[0].shape == (40, 64 * 3 + 1)
    assert encoded({"a": x, "b": x[:, :8]})[0].shape == (40, 72)


def test_text_is_hashed():
    assert encoded(np.array([["a good day"], ["a bad one"]]))[0].shape == (2, 128)


def test_what_cannot_be_a_table_says_so():
    with pytest.raises(NotApplicable, match="different shapes"):
        encoded(np.zeros((3, 4)), np.zeros((3, 5)))
    with pytest.raises(NotApplicable, match="not numbers"):
        encoded(np.array([[None]], dtype=object))


def test_smaller_averages_places():
    x = digits(flat=False)[0][:3]
    np.testing.assert_allclose(smaller(x, 8)[:, 0, 0, 0], x.mean((1, 2, 3)), rtol=1e-5)
    assert smaller(x, 2).shape == (3, 4, 4, 1)
    assert smaller(np.zeros((3, 10, 7)), 2).shape == (3, 5, 7)
