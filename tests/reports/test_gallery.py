import numpy as np
import pytest
from matplotlib.colors import to_hex

from keras_recipe.reports import gallery
from keras_recipe.reports.palette import LIGHT

INPUTS = {
    "image": [[[0.0, 1.0], [0.5, 0.25]]] * 3,
    "row": [[1.0, 2.0], [3.0, 4.0], [5.0, "nan"]],
    "tokens": [[1, 2, 3], [4], "some words"],
    "series": [[1.0, 2.0, 1.5], [[1.0, 0.0], [2.0, 1.0]], [0.0]],
}
every_kind = pytest.mark.parametrize("kind", INPUTS)


def draw(kind, labels=("a", "b", "c"), predictions=("a", "x", "c"), **fields):
    picture = {"title": "t", "inputs": INPUTS[kind], "inputs_kind": kind}
    picture |= {"labels": labels, "predictions": predictions, **fields}
    return gallery.examples(picture, LIGHT)


def texts_by_color(figure):
    figure.draw_without_rendering()
    shown = [
        t for t in figure.findobj(lambda a: hasattr(a, "get_text")) if t.get_text().strip()
    ]
    return {t.get_text(): to_hex(t.get_color()) for t in shown}


@every_kind
def test_a_wrong_prediction_is_marked_beside_its_label(kind):
    colors = texts_by_color(draw(kind))
    wrong = [text for text, color in colors.items() if color == LIGHT.wrong]
    assert wrong == (["x"] if kind == "tokens" else ["b → x"])
    assert any("1 of 3 wrong" in text for text in colors)


@every_kind
def test_nothing_is_marked_without_predictions(kind):
    assert LIGHT.wrong not in texts_by_color(draw(kind, predictions=())).values()
    assert LIGHT.wrong not in texts_by_color(draw(kind, labels=[], predictions=None)).values()


@pytest.mark.parametrize(
    ("labels", "predictions", "wrong"),
    [
        (["1", "2"], ["1", "3"], [False, True]),
        (["1", "2"], ["1.0", "2"], [False, False]),
        (["0.5", "2"], ["0.51", "2"], []),
        (["3", "7"], ["0.1 0.9 …", "0.5 0.5 …"], []),
        (["0 1", "1 0"], ["0 1", "0 1"], []),
        (["cat", "dog"], ["cat (98 %)", "doge"], [False, True]),
        ([], ["1"], []),
    ],
)
def test_measurements_are_not_right_or_wrong(labels, predictions, wrong):
    assert gallery._wrong(labels, predictions) == wrong


def test_the_check_may_say_itself_what_is_wrong():
    colors = texts_by_color(draw("row", wrong=[True, False, False]))
    assert colors["a → a"] == LIGHT.wrong
    assert colors["b → x"] == LIGHT.ink


@every_kind
def test_what_does_not_fit_is_left_out_and_said(kind):
    count = gallery.MOST[kind] + 1
    picture = {
        "inputs": [INPUTS[kind][0]] * count,
        "inputs_kind": kind,
        "labels": ["a"] * count,
    }
    texts = texts_by_color(gallery.examples(picture, LIGHT))
    assert any(f"{count - 1} of {count} are shown" in text for text in texts)


@every_kind
def test_lists_of_different_lengths_are_refused(kind):
    with pytest.raises(ValueError, match="2 labels for 3 inputs"):
        draw(kind, labels=["a", "b"])


def test_an_unknown_kind_of_input_is_refused():
    with pytest.raises(ValueError, match="inputs_kind"):
        gallery.examples({"inputs": [], "inputs_kind": "smell"}, LIGHT)


@pytest.mark.parametrize(
    ("low", "high", "drawn"),
    [
        (0.0, 0.9, (0, 1)),
        (-0.9, 1.0, (-1, 1)),
        (3.0, 250.0, (0, 255)),
        (0.0, 16.0, (0, 16)),
        (-2.1, 2.6, (-2.1, 2.6)),
        (5.0, 5.0, (4, 6)),
        (0.0, 0.0, (-1, 1)),
    ],
)
def test_black_and_white_are_the_usual_range_or_that_of_the_values(low, high, drawn):
    assert gallery._white_and_black(low, high) == drawn


@pytest.mark.parametrize(
    ("shape", "drawn"),
    [
        ((4, 5), (4, 5, 3)),
        ((4, 5, 1), (4, 5, 3)),
        ((4, 5, 3), (4, 5, 3)),
        ((4, 5, 4), (4, 5, 3)),
        ((4, 5, 2), (4, 5, 3)),
        ((3, 5, 6), (5, 6, 3)),
        ((7, 4, 5, 1), (4, 5, 3)),
    ],
)
def test_images_of_every_layout_are_drawn(shape, drawn):
    pixels = gallery._pixels(np.full(shape, 0.25), 0.0, 1.0)
    assert pixels.shape == drawn
    np.testing.assert_allclose(pixels, 0.25)


def test_colours_stay_in_their_channels():
    image = np.zeros((2, 2, 3))
    image[0, 1] = (51, 102, 255)
    np.testing.assert_allclose(gallery._pixels(image, 0.0, 255.0)[0, 1], (0.2, 0.4, 1.0))


def test_a_pixel_that_is_not_finite_is_red():
    pixels = gallery._pixels(np.array([[np.nan, 0.5]]), 0.0, 1.0)
    np.testing.assert_allclose(pixels[0, 0], (1.0, 0.0, 0.2))
    note = texts_by_color(draw("image", inputs=[[["nan", 1.0]]] * 3))
    assert any("red where not finite" in text for text in note)


def test_a_line_is_no_image():
    with pytest.raises(ValueError, match="not 1"):
        gallery._pixels(np.zeros(3), 0.0, 1.0)


def test_rows_show_their_own_numbers_coloured_within_a_feature():
    axes = draw("row", features=["age", "height"]).axes[0]
    assert [t.get_text() for t in axes.texts] == ["1", "2", "3", "4", "5", "nan"]
    np.testing.assert_allclose(
        axes.images[0].get_array().filled(-1), [[0, 0], [0.5, 1], [1, -1]]
    )
    assert [t.get_text() for t in axes.get_xticklabels()] == ["age", "height"]


def test_long_sequences_are_wrapped_then_cut():
    tokens = list(range(1000))
    texts = texts_by_color(draw("tokens", inputs=[tokens, [1], [2]]))
    lines = [text for text in texts if text.startswith(("0 1 2", "30 ")) or text.endswith("…")]
    assert max(map(len, texts)) <= 112
    assert any(line.startswith("0 1 2 3") for line in lines)
    assert sum(line.endswith("…") for line in lines) == 1
