import io

import board_reader
import numpy as np
import pytest
from PIL import Image

from keras_recipe.core.errors import InputError
from keras_recipe.looking.view import View

SHEET = {"kind": "bars", "title": "<b>one</b>", "labels": ["<i>a</i>"], "values": [1.0]}
EVIL = "<script>alert(1)</script>"


def view(sheets=1, **fields):
    known = {
        "title": f"T {EVIL}",
        "note": f"N {EVIL}",
        "heads": ["row", EVIL],
        "rows": [["1", EVIL]],
    }
    return View(sheets=[SHEET] * sheets, **known | fields)


def size(png):
    return Image.open(io.BytesIO(png)).size


def test_pictures_stand_one_under_the_other():
    one, two = size(view().picture()), size(view(2).picture())
    assert two == (one[0], 2 * one[1])


def test_a_page_is_whole_and_escaped(tmp_path):
    path = view().to_html(tmp_path / "new" / "page.html")
    page = path.read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 2  # for light and dark screens
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 5
    assert "&lt;b&gt;one" in page
    assert "default-src 'none'" in page
    assert [p.name for p in path.parent.iterdir()] == ["page.html"]


def test_a_notebook_gets_a_fragment():
    fragment = view()._repr_html_()
    assert fragment.startswith("<div")
    assert "<script" not in fragment
    assert fragment.count("data:image/png;base64,") == 1


@pytest.mark.parametrize("sheets", [1, 3])
def test_tensorboard_shows_the_same_pictures(sheets, tmp_path):
    made = view(sheets)
    made.to_tensorboard(tmp_path, tag="look", step=4)
    images = board_reader.values(tmp_path, "images")
    tags = [f"look/{i}" for i in range(sheets)] if sheets > 1 else ["look"]
    assert [(tag, step) for tag, step, _ in images] == [(tag, 4) for tag in tags]
    for _, _, (width, height, png) in images:
        assert size(png) == (int(width), int(height)) == size(view().picture())
    text = board_reader.texts(tmp_path)["look"][0]
    assert "<script" not in text
    assert "&lt;script" in text


def test_nothing_is_half_written(tmp_path):
    (tmp_path / "file").write_text("")
    for write in (view().to_html, view().to_png):
        with pytest.raises(InputError, match="cannot be written"):
            write(tmp_path / "file" / "page.html")
    with pytest.raises(InputError, match="nothing to draw"):
        view(0).to_tensorboard(tmp_path / "log")
    with pytest.raises(InputError, match="nothing to draw"):
        view(0).to_png(tmp_path / "a.png")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_text_is_a_table_without_control_characters():
    told = repr(view(rows=[["1", "\x1b[31mred"], ["22", "x"]]))
    assert "\x1b" not in told
    lines = told.splitlines()
    assert lines[2].index("<script") == lines[4].index("x")


def test_a_picture_is_written_whole(tmp_path):
    path = view().to_png(tmp_path / "a.png")
    assert np.asarray(Image.open(path)).any()
