import pytest

from keras_recipe.reports.palette import DARK, LIGHT

both = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])


def luminance(color):
    """Return the relative luminance of `#rrggbb` (WCAG 2.1)."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@both
def test_text_can_be_read(palette):
    assert contrast(palette.ink, palette.paper) > 7  # WCAG AAA
    assert contrast(palette.faint, palette.paper) > 4.5  # WCAG AA
    assert contrast(palette.wrong, palette.paper) > 4.5


@both
def test_lines_differ_and_can_be_seen(palette):
    assert len(set(palette.lines)) == len(palette.lines)
    assert all(contrast(line, palette.paper) > 2 for line in palette.lines)


@both
def test_every_setting_is_one_of_matplotlib(palette):
    import matplotlib

    assert set(palette.settings()) <= set(matplotlib.rcParamsDefault)
