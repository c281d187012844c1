import numpy as np
import pytest
from matplotlib.colors import to_hex

from keras_recipe.reports import charts
from keras_recipe.reports.palette import LIGHT


def bars_of(values, **fields):
    labels = [f"layer {i}" for i in range(len(values))]
    picture = {"title": "t", "labels": labels, "values": values, **fields}
    return charts.bars(picture, LIGHT).axes[0]


def test_curves_are_the_data():
    picture = {"title": "t", "series": {"a": [3, 2, 1], "b": [1, 1]}, "x": [10, 20, 30]}
    axes = charts.curves({**picture, "xlabel": "step", "ylabel": "nats"}, LIGHT).axes[0]
    first, second = axes.get_lines()
    np.testing.assert_array_equal(first.get_xydata(), [[10, 3], [20, 2], [30, 1]])
    np.testing.assert_array_equal(second.get_xydata(), [[10, 1], [20, 1]])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "nats")


def test_the_first_value_that_is_not_finite_is_marked():
    axes = charts.curves({"series": {"loss": [1.0, "nan", "inf"]}}, LIGHT).axes[0]
    cross = axes.get_lines()[1]
    assert list(cross.get_xdata()) == [1.0]
    assert to_hex(cross.get_color()) == LIGHT.wrong


def test_marks_stand_at_their_place():
    picture = {"series": {"loss": [3, 2, 1]}, "marks": {"best epoch": 1, "never": "nan"}}
    axes = charts.curves(picture, LIGHT).axes[0]
    assert [list(line.get_xdata()) for line in axes.get_lines()[1:]] == [[1.0, 1.0]]
    assert [text.get_text() for text in axes.texts] == ["best epoch"]


def test_many_series_all_look_different():
    series = {str(i): [i, i] for i in range(20)}
    lines = charts.curves({"series": series}, LIGHT).axes[0].get_lines()
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 20


def test_scales_may_be_logarithmic():
    picture = {"series": {"loss": [1, 10]}, "x": [1e-4, 1e-3], "xscale": "log"}
    axes = charts.curves(picture, LIGHT).axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    assert axes.xaxis.get_major_formatter()(1e-4) == "0.0001"


def test_bars_are_as_long_as_their_values():
    axes = bars_of([0.25, -2.0, "nan"])
    assert [bar.get_width() for bar in axes.patches] == [0.25, -2.0, 0.0]
    assert [text.get_text() for text in axes.texts] == ["0.25", "-2", "nan"]
    assert axes.yaxis_inverted()


@pytest.mark.parametrize(("count", "note"), [(30, False), (31, True)])
def test_too_many_bars_are_cut_and_said_so(count, note):
    axes = bars_of([1.0] * count)
    assert len(axes.patches) == 30
    assert any("1 more" in text.get_text() for text in axes.figure.texts) is note


def test_bars_need_a_label_each():
    with pytest.raises(ValueError, match="1 labels for 2 values"):
        charts.bars({"labels": ["a"], "values": [1, 2]}, LIGHT)


@pytest.mark.parametrize(("size", "numbers"), [(12, 144), (13, 0)])
def test_a_small_matrix_has_its_numbers_written_in(size, numbers):
    values = np.eye(size).tolist()
    axes = charts.matrix({"values": values, "xlabel": "input"}, LIGHT).axes[0]
    assert len(axes.texts) == numbers
    np.testing.assert_array_equal(axes.images[0].get_array(), values)


def test_numbers_around_zero_are_coloured_around_zero():
    axes = charts.matrix({"values": [[-1.0, 3.0]]}, LIGHT).axes[0]
    assert axes.images[0].get_clim() == (-3.0, 3.0)
    assert charts.matrix({"values": [[1.0, 3.0]]}, LIGHT).axes[0].images[0].get_clim() == (1, 3)


def test_cells_that_are_not_finite_are_masked_and_said_so():
    figure = charts.matrix({"values": [["nan", 1.0]]}, LIGHT)
    assert figure.axes[0].images[0].get_array().mask.tolist() == [[True, False]]
    assert [text.get_text() for text in figure.texts][1:] == ["grey cells are not finite"]


def test_a_matrix_has_two_dimensions():
    with pytest.raises(ValueError, match="not 1"):
        charts.matrix({"values": [1, 2]}, LIGHT)
