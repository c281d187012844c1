"""Curves, bars and matrices as matplotlib figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from keras_recipe.reports.palette import Palette
from keras_recipe.reports.phrases import figure as in_figures
from keras_recipe.reports.phrases import shortened

#: Inches; all pictures of a report are equally wide.
WIDTH = 7.2
#: Most bars drawn; a longer list is cut and says so.
MOST_BARS = 30
#: Most rows or columns of a matrix whose numbers are written into its cells.
MOST_NUMBERS = 12


def numbers(values: Any) -> np.ndarray:
    """Return an array of floats; the finite ones within the span that matplotlib can draw."""
    array = np.asarray(values, dtype=float)
    return np.where(np.isfinite(array), np.clip(array, -1e150, 1e150), array)


def sheet(
    picture: Mapping[str, Any], palette: Palette, height: float, note: str = ""
) -> Figure:
    """Return an empty figure with the picture's title, and under it `note`."""
    lines = 1 if note else 0
    made = Figure(figsize=(WIDTH, height + 0.36 + 0.2 * lines), layout="constrained")
    title = shortened(picture.get("title", ""), 72)
    made.suptitle(title + "\n" * lines, x=0.012, ha="left", weight="bold", size=10.5)
    if note:
        inches = made.get_figheight()
        made.text(
            0.012,
            1 - 0.38 / inches,
            shortened(note, 112),
            size=8,
            va="center",
            color=palette.faint,
        )
    return made


def curves(picture: Mapping[str, Any], palette: Palette) -> Figure:
    """Draw one line a series against `x`, with dashed lines at `marks`."""
    made = sheet(picture, palette, 2.9)
    axes = made.add_subplot()
    for index, (name, values) in enumerate(picture["series"].items()):
        y = numbers(values)
        x = numbers(picture.get("x") or range(len(y)))[: len(y)]
        dots = "o" if np.isfinite(y).sum() <= 12 else None
        color = palette.lines[index % len(palette.lines)]
        dashes = ("-", "--", ":", "-.")[index // len(palette.lines) % 4]
        label = shortened(name, 28)
        order = 3 - index / 100  # the first lies on top: what was measured, on what was fitted
        axes.plot(
            x, y, dashes, label=label, color=color, marker=dots, markersize=3.5, zorder=order
        )
        if (broken := x[~np.isfinite(y)]).size:
            axes.plot(
                broken[:1], [0.03], "x", color=palette.wrong, clip_on=False,
                label=f"{label}: not finite", transform=axes.get_xaxis_transform(),
                markeredgewidth=2,
            )  # fmt: skip
    _scales(axes, picture)
    _marks(axes, picture.get("marks") or {}, palette)
    axes.set_xlabel(shortened(picture.get("xlabel", ""), 80))
    axes.set_ylabel(shortened(picture.get("ylabel", ""), 40))
    handles, labels = axes.get_legend_handles_labels()
    if len(labels) > 1:
        axes.legend(handles, labels, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return made


def _scales(axes: Axes, picture: Mapping[str, Any]) -> None:
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        if picture.get(f"{name}scale") == "log":
            axes.set(**{f"{name}scale": "log"})
            axis.set_major_formatter(lambda value, _: f"{value:g}")
            axis.set_minor_formatter(lambda *_: "")
        elif name == "x" and not (numbers(picture.get("x") or [0]) % 1).any():
            axis.set_major_locator(MaxNLocator(integer=True))  # a count has no halves


def _marks(axes: Axes, marks: Mapping[str, Any], palette: Palette) -> None:
    for label, x in marks.items():
        place = float(x)
        if np.isfinite(place):
            axes.axvline(place, color=palette.faint, linestyle=(0, (4, 3)), linewidth=1)
            axes.annotate(
                shortened(label, 34), (place, 1), (3, -3), xycoords=axes.get_xaxis_transform(),
                textcoords="offset points", rotation=90, va="top", size=7.5,
                color=palette.faint, annotation_clip=False,
                bbox={"facecolor": palette.paper, "edgecolor": "none", "pad": 1, "alpha": 0.8},
            )  # fmt: skip


def bars(picture: Mapping[str, Any], palette: Palette) -> Figure:
    """Draw one bar a label, the first on top, each with its number."""
    labels = [shortened(label, 40) for label in picture["labels"]]
    values = numbers(picture["values"])
    if len(labels) != len(values):
        msg = f"{len(labels)} labels for {len(values)} values"
        raise ValueError(msg)
    left_out = len(values) - MOST_BARS
    labels, values = labels[:MOST_BARS], values[:MOST_BARS]
    note = f"the first {MOST_BARS}; {left_out} more are not shown" if left_out > 0 else ""
    made = sheet(picture, palette, 0.55 + 0.23 * len(values), note)
    axes = made.add_subplot()
    places = np.arange(len(values))
    drawn = axes.barh(
        places, np.nan_to_num(values, posinf=0, neginf=0), 0.66, color=palette.lines[0]
    )
    axes.bar_label(drawn, [in_figures(v) for v in values.tolist()], padding=4, size=8)
    axes.set_yticks(places, labels, color=palette.ink)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.12)
    axes.axvline(0, color=palette.faint, linewidth=0.8)
    axes.set_xlabel(shortened(picture.get("xlabel", ""), 80))
    return made


def matrix(picture: Mapping[str, Any], palette: Palette) -> Figure:
    """Draw numbers as coloured cells; small matrices have the numbers written in."""
    values = numbers(picture["values"])
    if values.ndim != 2:
        msg = f"a matrix has 2 dimensions, not {values.ndim}"
        raise ValueError(msg)
    rows = len(values)
    note = "" if np.isfinite(values).all() else "grey cells are not finite"
    made = sheet(picture, palette, float(np.clip(0.36 * rows, 1.2, 5)) + 0.5, note)
    axes = made.add_subplot()
    cells(axes, values, palette)
    drawn = axes.images[0]
    made.colorbar(drawn, ax=axes, shrink=0.9, aspect=24, pad=0.02).outline.set_visible(False)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(12, integer=True))
    axes.set_xlabel(shortened(picture.get("xlabel", ""), 80))
    axes.set_ylabel(shortened(picture.get("ylabel", ""), 40))
    return made


def cells(axes: Axes, values: np.ndarray, palette: Palette) -> None:
    """Draw `(rows, columns)` numbers as cells, grey where not finite; few have their number."""
    known = values[np.isfinite(values)]
    low, high = (known.min(), known.max()) if known.size else (0.0, 1.0)
    signed = low < 0 < high
    if signed:
        low, high = -max(-low, high), max(-low, high)
    colors = colormaps[palette.signed if signed else palette.ramp]
    drawn = axes.imshow(
        np.ma.masked_invalid(values), cmap=colors.with_extremes(bad="gray"), aspect="auto",
        interpolation="nearest", vmin=low, vmax=high if high > low else low + 1,
    )  # fmt: skip
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if max(values.shape) > MOST_NUMBERS:
        return
    for (row, column), value in np.ndenumerate(values):
        red, green, blue, _ = drawn.to_rgba(value) if np.isfinite(value) else (0, 0, 0, 1)
        dark_cell = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55  # ITU-R BT.601 luma
        axes.text(
            column, row, in_figures(float(value)), ha="center", va="center", size=7.5,
            color="white" if dark_cell else "#23272e",
        )  # fmt: skip
