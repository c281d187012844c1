import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.reports import histograms, pictures
from keras_recipe.reports.palette import LIGHT

VALUES = [0.0, 1.0, 1.5, 2.0, 9.0, 99.0]


def draw(*features):
    return histograms.histograms({"title": "t", "features": features}, LIGHT)


def test_what_lies_outside_is_marked_and_what_lies_beyond_is_counted():
    made = draw({"name": "a", "values": VALUES, "fences": [0.5, 3.0], "view": [0.0, 10.0]})
    (axes,) = made.axes
    ticks = [line for line in axes.lines if line.get_color() == LIGHT.wrong]
    assert ticks[0].get_xdata().tolist() == [0.0, 9.0]
    assert [text.get_text() for text in axes.texts] == ["1 →"]
    assert axes.get_xlim()[1] < 11


def test_few_values_are_bars():
    (axes,) = draw({"name": "a", "values": [1, 2, 5], "counts": [7, 3, 1], "bars": True}).axes
    assert [bar.get_height() for bar in axes.patches] == [7, 3, 1]
    assert axes.get_xticks().tolist() == [1, 2, 5]


def test_bars_may_have_names():
    few = {"values": [1, 2], "counts": [7, 3], "bars": True, "ticks": ["a" * 90, "b"]}
    (axes,) = draw({"name": "a", **few}).axes
    assert [text.get_text() for text in axes.get_xticklabels()] == ["a" * 11 + "…", "b"]


def test_every_feature_has_its_chart():
    many = [{"name": f"f{i}", "values": VALUES, "said": "s"} for i in range(9)]
    assert [axes.get_title(loc="left") for axes in draw(*many).axes] == [
        f"f{i}" for i in range(9)
    ]


@pytest.mark.parametrize("values", [[], [3.0, 3.0], [1e300, -1e300]])
def test_odd_values_can_be_drawn(values):
    picture = {
        "kind": "histograms",
        "title": "t",
        "features": [{"name": "$x_1$", "values": values}],
    }
    assert pictures.render(picture).startswith(b"\x89PNG")


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="does not fit"):
        pictures.render({"kind": "histograms", "features": [{"name": "a"}]})
