"""Splits scaled by themselves are told from those scaled by the training rows."""

import numpy as np
import pytest
from specimens import digits

from keras_recipe.data.batch import Batch
from keras_recipe.data.own_scales import own_scale
from keras_recipe.data.statistics import measure


def found(known, held, stored=None):
    known, held = (np.asarray(part, "float32") for part in (known, held))
    parts = [measure([Batch(part)]).x for part in (known, held)]
    return own_scale(*parts, ([known[:1024]], [held[:1024]]), stored)


def standard(x, like=None, ddof=0):
    like = x if like is None else like
    axes = (0,) if x.ndim == 2 else tuple(range(x.ndim - 1))
    return (x - like.mean(axes)) / like.std(axes, ddof=ddof)


def ranged(x, like=None):
    like = x if like is None else like
    return (x - like.min(0)) / np.ptp(like, axis=0)


def amounts(rows, columns=6, seed=0):
    return np.random.default_rng(seed).gamma(2, 50, (rows, columns)) + 300


def colours():
    x = 16 * digits(flat=False)[0].astype("float64")
    return np.concatenate([x, 0.5 * x + 1, 16 - x], axis=-1)


@pytest.mark.parametrize("rows", [100, 6000])
@pytest.mark.parametrize("ddof", [0, 1])
def test_a_table_standardised_twice(rows, ddof):
    x, held = amounts(rows), amounts(rows // 2, seed=1)
    assert found(standard(x, ddof=ddof), standard(held, ddof=ddof)).what.startswith("6 of 6")
    assert found(standard(x), standard(held, x)) is None


def test_one_column_is_enough_and_others_may_be_codes():
    x, held = standard(amounts(200, 1)), standard(amounts(90, 1, seed=1))
    codes = np.random.default_rng(0).integers(0, 2, (200, 3))
    told = found(np.c_[x, codes], np.c_[held, codes[:90]])
    assert told.what.startswith("1 of 4 columns")
    assert told.off < 1e-6 < told.chance


@pytest.mark.parametrize("scope", ["input", "channels"])
def test_pictures_standardised_twice(scope):
    x = colours()
    mine, held = x[:1200], x[1200:]
    if scope == "input":
        twice = [(part - part.mean()) / part.std() for part in (mine, held)]
        assert found(*twice).what.startswith("it has mean 0")
        assert (
            found((mine - mine.mean()) / mine.std(), (held - mine.mean()) / mine.std()) is None
        )
    else:
        assert "3 of 3 channels" in found(standard(mine), standard(held)).what
        assert found(standard(mine), standard(held, mine)) is None


@pytest.mark.parametrize("axes", [(1, 2), (1, 2, 3)])
def test_pictures_standardised_one_by_one_are_fine(axes):
    x = colours()
    x = (x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True)
    assert found(x[:1200], x[1200:]) is None


def test_windows_and_rows_standardised_one_by_one_are_fine():
    x = np.random.default_rng(0).standard_normal((900, 30, 3)).cumsum(1)
    x = (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)
    assert found(x[:600], x[600:]) is None
    assert found(x[:600, :, 0], x[600:, :, 0]) is None


def test_groups_standardised_one_by_one_are_fine_where_they_are_stored_as_such():
    x = np.random.default_rng(0).gamma(2, 1, (40, 30, 6))
    x = ((x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)).reshape(-1, 6)
    x = x.astype("float32")
    assert found(x[:900], x[900:], [x[:900]]) is None
    assert found(x[:900], x[900:]) is not None  # in an order of their own nothing tells them


def test_signs_and_grids_have_mean_0_by_nature():
    signs = np.tile([-1, 1], 500)[:, None] * np.ones(3)
    assert found(signs, signs[:400]) is None
    line = np.linspace(-(3**0.5), 3**0.5, 1000)[:, None]
    assert found(line, line[::2]) is None


def test_ranges_of_their_own():
    x, held = amounts(500), amounts(200, seed=1)
    assert "reach from 0 to 1" in found(ranged(x), ranged(held)).what
    assert "reach from -1 to 1" in found(2 * ranged(x) - 1, 2 * ranged(held) - 1).what
    assert found(ranged(x), ranged(held, x)) is None
    assert found(ranged(x), np.clip(ranged(held, x), 0, 1)) is None
    assert found(ranged(x[:, :3]), ranged(held[:, :3])) is None


def test_ends_that_are_reached_by_nature():
    random = np.random.default_rng(0)
    shares = np.clip(random.normal(50, 30, (1000, 6)), 0, 100) / 100
    assert found(shares[:800], shares[800:]) is None
    pixels = random.integers(0, 256, (1000, 64)) / 255
    assert found(pixels[:700], pixels[700:]) is None
    line = np.linspace(0, 1, 900)[:, None] ** np.arange(1, 7)
    assert found(line, np.linspace(0, 1, 300)[:, None] ** np.arange(1, 7)) is None


def test_other_forms_and_gaps_are_left_alone():
    x = standard(amounts(200))
    assert found(x, x[:, :4]) is None
    gaps = np.where(x > 3, np.nan, x)
    assert found(gaps, gaps) is None
