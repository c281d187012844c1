"""Codes for "unknown" are found in all rows; large amounts and pictures are left alone."""

import numpy as np
import pytest

from keras_recipe.data.batch import Batch
from keras_recipe.data.statistics import measure
from keras_recipe.data.unknown_codes import unknown_codes


def found(x, sample=64):
    return unknown_codes(measure([Batch(x)]).x, [x[:sample]], 3.0)


def amounts(*shape):
    return 20 + 8 * np.random.default_rng(0).standard_normal(shape)


@pytest.mark.parametrize("code", [-999, 9999, -99999, 1e20, 9.96921e36, -32768])
def test_a_code_that_the_sample_does_not_hold(code):
    x = amounts(500, 4).astype("float32")
    x[300, 2] = x[400, 3] = code
    told = found(x)
    assert told.value == pytest.approx(code)
    assert told.places == ["x[:, 2]", "x[:, 3]"]
    assert told.gap > 3


def test_whole_numbers_and_series():
    x = amounts(500, 4).astype("int64")
    x[7, 1] = -9999
    assert found(x).places == ["x[:, 1]"]
    x = amounts(200, 24, 3)
    x[150, 3, 2] = -9999
    assert found(x).places == ["x[:, :, 2]"]


def test_what_is_no_code():
    x = amounts(500, 4)
    assert found(x) is None
    x[300, 2] = -9998
    assert found(x) is None  # far away, and no number that is known for it
    counts = np.random.default_rng(0).integers(0, 1000, (500, 3)) * 1.0
    counts[300] = 999  # among its like
    assert found(counts) is None
    assert found(np.random.default_rng(0).integers(0, 10000, (500, 20))) is None  # tokens
    pixels = np.random.default_rng(0).random((50, 8, 8, 1))
    pixels[30] = 999
    assert found(pixels) is None
    constant = np.full((50, 3), -999.0)
    assert found(constant) is None
