"""Gains as text."""

import pytest

from keras_recipe.reports.moves import gain_text, render


@pytest.mark.parametrize(
    ("mean", "low", "high", "unit", "text"),
    [
        (0.25, 0.1, 0.4, "share of the loss", "25 % (10 to 40)"),
        (-3.0, -40.0, 0.5, "share of the loss", "-300 % (<-1000 to 50)"),
        (0.25, 0.1, 0.4, "loss", "0.25 (0.1 to 0.4)"),
        ("nan", "nan", "nan", "", ""),
    ],
)
def test_a_gain_has_its_interval(mean, low, high, unit, text):
    assert gain_text({"mean": mean, "low": low, "high": high, "unit": unit}) == text


def test_no_gain_is_no_text():
    assert gain_text(None) == ""


def test_brackets_are_no_markup():
    gain = {"mean": 0.1, "low": 0.0, "high": 0.2, "unit": "share of the loss"}
    move = {"name": "[b]drop", "text": "[red]rate", "loss": 1.0, "kept": True, "reason": ""}
    text = render(
        {
            "moves": [{**move, "validation": gain, "training": gain}],
            "verdict": "[i]done",
            "more_data": "",
            "left_out": {"[x]": "[/]"},
        }
    )
    for word in ("[b]drop", "[red]rate", "[i]done", "[x] ([/])"):
        assert word in text
