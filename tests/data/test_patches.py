"""Patches see things wherever they are, and details that averages lose."""

import numpy as np
from specimens import digits

from keras_recipe.data.patches import is_placed, local, smaller

RANDOM = np.random.default_rng(0)


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


def test_smaller_averages_places():
    x = digits(flat=False)[0][:3]
    np.testing.assert_allclose(smaller(x, 8)[:, 0, 0, 0], x.mean((1, 2, 3)), rtol=1e-5)
    assert smaller(x, 2).shape == (3, 4, 4, 1)
    assert smaller(np.zeros((3, 10, 7)), 2).shape == (3, 5, 7)


def test_pictures_and_series_have_places_and_tokens_have_none():
    assert is_placed(np.zeros((3, 8, 8, 1)))
    assert is_placed(np.zeros((3, 20, 2)))
    assert not is_placed(np.zeros((3, 20)))
    assert not is_placed(np.eye(30)[RANDOM.integers(0, 30, (60, 12))])
