import io

import numpy as np
import pytest
from PIL import Image

from keras_recipe.label import shown


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_pictures_of_any_range_are_drawn(channels, scale):
    array = np.linspace(0, 1, 8 * 8 * channels).reshape(8, 8, channels) * scale
    image = Image.open(io.BytesIO(shown.png(array)))
    assert min(image.size) >= shown.SIDE
    assert np.asarray(image).max() == 255


def test_a_picture_around_zero_spans_black_to_white():
    array = np.linspace(-1, 1, 64).reshape(8, 8, 1)
    grey = np.asarray(Image.open(io.BytesIO(shown.png(array))))
    assert (grey.min(), grey.max()) == (0, 255)


def test_dark_pictures_stay_dark():
    grey = np.asarray(Image.open(io.BytesIO(shown.png(np.full((8, 8, 1), 0.1)))))
    assert grey.max() < 40


def test_rows_are_tables_and_tokens_are_text():
    assert "<td>1.5</td>" in shown.text(np.array([[1.5, 2.5]]))
    assert "7 8 9" in shown.text(np.array([[7, 8, 9]]))


def test_text_is_escaped():
    said = shown.text({"<i>": np.array([["<script>alert(1)</script>"]])})
    assert "<script" not in said
    assert "<i>" not in said
    assert "&lt;script&gt;" in said


def test_long_inputs_are_cut():
    said = shown.text(np.zeros((1, 10_000), "int32"))
    assert len(said) < 2000
    assert "…" in said


def test_pictures_and_numbers_of_one_example_are_told_apart():
    x = {"image": np.zeros((1, 8, 8, 3)), "age": np.array([[0.5]])}
    assert len(shown.pictures(x)) == 1
    assert "image" not in shown.text(x)
    assert "age" in shown.text(x)
