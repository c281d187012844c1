"""Draws a finding's pictures: plain data in, PNG out."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import Any

from keras_recipe.core.errors import InputError

#: What can be drawn, by the `kind` of the picture.
KINDS = ("bars", "curves", "examples", "histograms", "matrix", "parallel")
#: Dots per inch: twice the 72 of a screen point, so that it stays sharp on dense screens.
DPI = 144
# Beside matplotlib's own font, one with the letters of Chinese, Japanese and Korean labels.
_FONTS = ("Noto Sans CJK SC", "Microsoft YaHei", "Hiragino Sans GB", "WenQuanYi Zen Hei")


def render(picture: Mapping[str, Any], *, dark: bool = False) -> bytes:
    """Return `picture` as a PNG image, 1036 pixels wide.

    Matplotlib is imported here and used through its objects alone: no `pyplot`, no figure
    left open, and the user's style neither shows nor changes.

    Args:
        picture: `kind`, `title` and the data of that kind. "examples": `inputs`, `inputs_kind`,
            `labels`, `predictions` and, where texts do not tell, `wrong`. "curves":
            `series`, `x`, `marks`, `xlabel`, `ylabel`, `xscale` and `yscale` ("log"). "bars":
            `labels`, `values`, `xlabel`. "matrix": `values`, `xlabel`, `ylabel`.
            "histograms", "parallel": see these modules. NaN and infinities may be strings.
        dark: Draw on dark paper.

    Raises:
        InputError: The kind is not known, or the data does not fit it.
    """
    kind = picture.get("kind")
    if kind not in KINDS:
        msg = f"A picture's kind is one of {', '.join(KINDS)}. Received: {kind!r}"
        raise InputError(msg)
    try:
        return _draw(picture, dark=dark)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        msg = f"The data of a picture of kind {kind!r} does not fit it ({error!r})."
        raise InputError(msg) from error


def _draw(picture: Mapping[str, Any], *, dark: bool) -> bytes:
    import matplotlib.style
    from matplotlib import font_manager

    from keras_recipe.reports import charts, gallery, histograms
    from keras_recipe.reports import parallel as parallels
    from keras_recipe.reports.palette import DARK, LIGHT

    palette = DARK if dark else LIGHT
    here = font_manager.fontManager.get_font_names()
    fonts = {"font.family": ["DejaVu Sans", *(name for name in _FONTS if name in here)]}
    modules = {"examples": gallery, "histograms": histograms, "parallel": parallels}
    draw = getattr(modules.get(picture["kind"], charts), picture["kind"])
    buffer = io.BytesIO()
    style = matplotlib.style.context(["default", palette.settings(), fonts])
    with style, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that no font here has, a number too large
        figure = draw(picture, palette)
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()
