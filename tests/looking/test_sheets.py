import numpy as np
import pytest

from keras_recipe.looking.browse import browse
from keras_recipe.looking.sheets import pages, sheet
from keras_recipe.reports.palette import LIGHT

RANDOM = np.random.default_rng(0)


def of(x, y=None, rows=(0, 1), **settings):
    return sheet(browse(x, y, **settings).looked, list(rows), "t")


def test_pages_end():
    assert pages(range(7), 3, 5) == [[0, 1, 2], [3, 4, 5], [6]]
    assert pages(range(7), 3, 2) == [[0, 1, 2], [3, 4, 5]]
    assert pages([], 3, 2) == []


def test_rows_are_drawn_in_the_order_asked_for():
    made = of(np.arange(8.0).reshape(4, 2), np.array([0, 1, 0, 1]), rows=[3, 0])
    assert made["inputs"] == [[6, 7], [0, 1]]
    assert made["labels"] == ["1", "0"]


def test_large_pictures_are_made_small_by_means():
    x = np.zeros((2, 300, 200, 3), "uint8")
    x[..., 0] = 90
    pixels = np.array(of(x)["inputs"])
    assert max(pixels.shape[1:3]) <= 128
    assert pixels[..., 0].mean() == 90


@pytest.mark.parametrize("white", [1.0, 255.0])
def test_what_is_transparent_is_white(white):
    x = np.zeros((2, 8, 8, 4))
    x[1, ..., 3] = white
    pixels = np.array(of(x)["inputs"])
    assert pixels.shape == (2, 8, 8, 3)
    assert (pixels[0] == white).all()
    assert (pixels[1] == 0).all()


def test_channels_come_last_whatever_they_were():
    pixels = np.array(of(RANDOM.random((2, 3, 9, 8)))["inputs"])
    assert pixels.shape == (2, 9, 8, 3)


def test_a_mask_lies_over_its_picture_in_the_colours_that_are_named():
    x, y = np.zeros((2, 8, 8, 1)), np.zeros((2, 8, 8), "int32")
    y[0, :4] = 1
    made = of(x, y, class_names=["ground", "road"])
    pixels = np.array(made["inputs"])
    blue = np.array([int(LIGHT.lines[0][i : i + 2], 16) / 255 for i in (1, 3, 5)])
    assert made["colours"] == {"ground (no colour)": LIGHT.paper, "road": LIGHT.lines[0]}
    assert made["tiles"] == "picture, label"
    np.testing.assert_allclose(pixels[0, 0, -1], 0.55 * blue)
    np.testing.assert_allclose(pixels[0, -1, -1], 0)
    np.testing.assert_allclose(pixels[0, :, :8], 0)


def test_a_mask_shrinks_with_its_picture():
    x, y = np.zeros((1, 256, 256, 1), "uint8"), np.zeros((1, 256, 256), "int32")
    y[0, :, 128:] = 2
    pixels = np.array(of(x, y, rows=[0])["inputs"])[0]
    assert len(pixels) == 128
    assert (pixels[:, -64:] > 0).any(-1).all()
    assert (pixels[:, -128:-64] == 0).all()


def test_a_target_that_is_a_picture_stands_beside():
    x = RANDOM.random((2, 8, 8, 1))
    made = of(x, 1 - x)
    pixels = np.array(made["inputs"])
    np.testing.assert_allclose(pixels[0, :, :8, 0] + pixels[0, :, -8:, 0], 1)


def test_text_is_decoded_and_series_keep_their_channels():
    tokens = np.array([[1, 2, 0], [2, 0, 0]])
    assert of(tokens, decoder=["", "good", "film"])["inputs"] == ["good film", "film"]
    long = np.sin(np.linspace(0, 9, 5000))[None, :, None] * np.ones((2, 1, 3))
    made = of(long)
    assert made["inputs_kind"] == "series"
    assert np.shape(made["inputs"])[2] == 3
    assert np.shape(made["inputs"])[1] <= 512
