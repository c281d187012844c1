import numpy as np
import pytest
from specimens import digits

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.features import encoded, encoding

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


def test_one_hot_sequences_are_tokens():
    tokens = RANDOM.integers(0, 30, (60, 12))
    np.testing.assert_array_equal(encoded(np.eye(30)[tokens])[0], encoded(tokens)[0])


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
