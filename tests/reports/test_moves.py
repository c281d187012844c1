"""Gains as text."""

import pytest

from keras_recipe.reports.moves import gain_text


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
