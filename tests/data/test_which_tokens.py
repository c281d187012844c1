"""Whole numbers that columns share are tokens, and so are one-hot vectors."""

import numpy as np

from keras_recipe.data.tokens import is_one_hot, is_tokens

RANDOM = np.random.default_rng(0)


def test_tokens_are_told_from_tables_and_series():
    tokens = RANDOM.integers(0, 30, (60, 12))
    assert is_tokens(tokens)
    assert not is_tokens(tokens * 1.5)
    assert not is_tokens(RANDOM.integers(0, 2, (60, 12)))
    assert not is_tokens(tokens + 100 * np.arange(12))
    assert is_one_hot(np.eye(30)[tokens])
