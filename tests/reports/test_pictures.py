import struct
import subprocess
import sys

import matplotlib
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.reports import pictures

ALL = {
    "image": {
        "kind": "examples",
        "inputs": [[[0.0, 1.0], [0.5, "nan"]]],
        "inputs_kind": "image",
        "labels": ["$\\frac{1}"],
        "predictions": ["猫"],
    },
    "row": {"kind": "examples", "inputs": [[1.0, 2.0]], "inputs_kind": "row"},
    "tokens": {"kind": "examples", "inputs": [[1, 2], ["a", "$"]], "inputs_kind": "tokens"},
    "series": {"kind": "examples", "inputs": [[1.0, 2.0]], "inputs_kind": "series"},
    "curves": {"kind": "curves", "series": {"$loss": [1.0, "inf"]}, "marks": {"$": 0}},
    "bars": {"kind": "bars", "labels": ["$a", "_b"], "values": [1, -2.0]},
    "matrix": {"kind": "matrix", "values": [[1.0, -2.0], ["nan", 0.0]], "xlabel": "$x"},
}
every_picture = pytest.mark.parametrize("name", ALL)


def size(png):
    """Return the width and height in a PNG's header."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png[12:16] == b"IHDR"
    return struct.unpack(">II", png[16:24])


@every_picture
def test_every_kind_becomes_a_png(name):
    width, height = size(pictures.render({"title": "a $title", **ALL[name]}))
    assert width == 1036
    assert 80 < height < 2000


@every_picture
def test_the_same_data_gives_the_same_bytes(name):
    assert pictures.render(ALL[name]) == pictures.render(ALL[name])


@every_picture
def test_dark_paper_is_another_picture_of_the_same_size(name):
    light, dark = pictures.render(ALL[name]), pictures.render(ALL[name], dark=True)
    assert light != dark
    assert size(light) == size(dark)


@pytest.mark.parametrize(
    "picture",
    [
        {"kind": "curves", "series": {}},
        {"kind": "bars", "labels": [], "values": []},
        {"kind": "examples", "inputs": [], "inputs_kind": "image"},
        {"kind": "examples", "inputs": [], "inputs_kind": "tokens"},
        {"kind": "examples", "inputs": [], "inputs_kind": "series"},
        {"kind": "curves", "series": {"loss": ["nan", "nan"]}},
        {"kind": "curves", "series": {"loss": [1e308, -1e308]}},
        {"kind": "bars", "labels": ["a"], "values": [1e308]},
        {"kind": "matrix", "values": [["nan", "inf"]]},
        {"kind": "matrix", "values": [[1e308, -1e308]]},
        {"kind": "matrix", "values": [[0] * 300] * 300},
        {"kind": "examples", "inputs": [["nan"], ["nan"]], "inputs_kind": "row"},
        {"kind": "examples", "inputs": [[["inf"]]], "inputs_kind": "image"},
        {"kind": "examples", "inputs": [[[1e308, -1e308]]], "inputs_kind": "image"},
    ],
)
def test_odd_data_is_drawn_all_the_same(picture):
    assert size(pictures.render(picture))[0] == 1036


@pytest.mark.parametrize("picture", [{}, {"kind": "pie"}, {"kind": None}, {"kind": []}])
def test_an_unknown_kind_is_one_sentence(picture):
    with pytest.raises(
        InputError, match="kind is one of bars, curves, examples, histograms, matrix"
    ) as error:
        pictures.render(picture)
    assert repr(picture.get("kind")) in str(error.value)


@pytest.mark.parametrize(
    "picture",
    [
        {"kind": "curves"},
        {"kind": "curves", "series": {"a": "words"}},
        {"kind": "curves", "series": {"a": [1, 2]}, "x": [1]},
        {"kind": "bars", "labels": ["a"], "values": [[1]]},
        {"kind": "bars", "labels": ["a", "b"], "values": [1]},
        {"kind": "matrix", "values": [[1], [1, 2]]},
        {"kind": "matrix", "values": []},
        {"kind": "examples", "inputs": [[1]], "inputs_kind": "smell"},
        {"kind": "examples", "inputs": [[1]], "inputs_kind": "image"},
        {"kind": "examples", "inputs": [], "inputs_kind": "row"},
    ],
)
def test_data_that_does_not_fit_is_one_sentence(picture):
    with pytest.raises(InputError, match=f"kind '{picture['kind']}' does not fit"):
        pictures.render(picture)


def test_the_users_style_neither_shows_nor_changes():
    plain = pictures.render(ALL["curves"])
    with matplotlib.rc_context({"text.usetex": True, "axes.facecolor": "red", "font.size": 40}):
        before = dict(matplotlib.rcParams)
        assert pictures.render(ALL["curves"]) == plain
        assert dict(matplotlib.rcParams) == before


def test_pyplot_is_not_imported():
    program = (
        "import sys; from keras_recipe.reports import pictures;"
        "early = 'matplotlib' in sys.modules;"
        "pictures.render({'kind': 'bars', 'labels': ['a'], 'values': [1]});"
        "sys.exit(early or 'matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
