"""Pictures are known by their components; small things at any place by patches alone."""

import numpy as np
import pytest
from specimens import digits

from keras_recipe.data.batch import Batch
from keras_recipe.data.every_row import told_of_every_row
from keras_recipe.data.waves import WAVES, Waves, by_columns, by_components


def arrows(rows=1500):
    """Arrows to the left or to the right, at any place."""
    random = np.random.default_rng(0)
    y = random.integers(0, 2, rows)
    arrow = np.zeros((3, 7))
    arrow[1] = arrow[[0, 2], 1] = 1
    x = 0.2 * random.normal(size=(rows, 16, 16, 1)).astype("float32")
    for row, (top, left) in enumerate(random.integers(0, (14, 10), (rows, 2))):
        x[row, top : top + 3, left : left + 7, 0] += arrow[:, ::-1] if y[row] else arrow
    return x, y


def test_the_encoding_that_tells_more_is_taken():
    x, y = arrows()
    found = told_of_every_row(Batch(x, y), Batch(x[:600], y[:600]), 0)
    assert (found.probabilities.argmax(1) == y).mean() > 0.9


@pytest.mark.parametrize("encoding", [by_columns, by_components])
def test_rows_have_a_scale_near_1_and_are_encoded_alone(encoding):
    x, _ = digits(flat=False)
    x = np.rint(16 * x).astype("uint8")
    encode = encoding(Batch(x[:300]))
    made = encode(x[:300])
    assert np.median(np.abs(made)) < 2
    np.testing.assert_allclose(encode(x[7:8]), made[7:8], atol=1e-4)
    waves = Waves(Batch(x[:300]), encode)(x[:40])
    assert waves.shape == (40, 1 + made.shape[1] + WAVES)
    assert waves.dtype == np.float32
    np.testing.assert_allclose(np.square(waves[:, -WAVES:]).mean(), 1, atol=0.1)


def test_only_pictures_and_series_have_components():
    flat, _ = digits()
    assert by_components(Batch(flat)) is None
    assert by_components(Batch([flat.reshape(-1, 8, 8, 1)] * 2)) is None


@pytest.mark.parametrize("fill", [0.0, 7.0, np.nan, np.inf, 3e38])
def test_constant_missing_and_huge_pictures(fill):
    encode = by_components(Batch(np.full((50, 6, 6, 1), fill, "float32")))
    assert np.isfinite(encode(np.full((3, 6, 6, 1), fill, "float32"))).all()
    x, _ = digits(flat=False)
    x = x[:100].copy()
    x[5, 3, 3] = fill
    assert np.isfinite(by_components(Batch(x))(x)).all()
