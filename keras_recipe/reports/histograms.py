"""One small chart a feature: how its values are spread, and which stand outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_recipe.reports import charts
from keras_recipe.reports.palette import Palette
from keras_recipe.reports.phrases import figure as in_figures
from keras_recipe.reports.phrases import shortened

COLUMNS = 4
HEIGHT = 1.45  # inches of one chart
BINS = 24
MOST_TICKS = 4  # bars that all have their number under them


def histograms(picture: Mapping[str, Any], palette: Palette) -> Figure:
    """Draw `features`, a list of dicts, in a grid.

    A feature has a `name`, finite `values` and a line `said`. With `fences`, a pair, values
    outside of them are marked by ticks, and what lies beyond `view`, a pair, is left out of the
    chart and counted at its edge. With `bars`, `values` are as high as `counts`, and `ticks`
    are their names.
    """
    features = picture["features"]
    rows = -(-len(features) // COLUMNS)
    made = charts.sheet(picture, palette, max(rows, 1) * HEIGHT, str(picture.get("note", "")))
    for place, feature in enumerate(features, 1):
        axes = made.add_subplot(rows, min(COLUMNS, max(len(features), 2)), place)
        values = charts.numbers(feature["values"])
        if feature.get("bars"):
            counts = charts.numbers(feature["counts"])
            _bars(axes, values, counts, feature.get("ticks"), palette)
        else:
            _histogram(axes, values, feature, palette)
        axes.set_title(shortened(feature["name"], 24), size=8.5, pad=3, loc="left")
        said = shortened(feature.get("said", ""), 34)
        wrong = palette.wrong if feature.get("marked") else palette.faint
        axes.set_xlabel(said, size=7.5, labelpad=2, color=wrong)
        axes.grid(visible=False)
        axes.tick_params(labelsize=7, length=2)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        if not feature.get("ticks"):
            axes.xaxis.set_major_formatter(lambda value, _: in_figures(float(value)))
    return made


def _bars(
    axes: Axes, values: np.ndarray, counts: np.ndarray, names: Any, palette: Palette
) -> None:
    gap = np.diff(np.sort(values)).min() if len(values) > 1 else 1.0
    axes.bar(values, counts, width=0.8 * gap, color=palette.lines[0])
    if len(values) <= MOST_TICKS:
        axes.set_xticks(values, [shortened(n, 24 // len(values)) for n in names or ()] or None)
        axes.margins(x=0.3 if len(values) > 1 else 2.0)
    else:
        axes.locator_params(axis="x", nbins=4)


def _histogram(
    axes: Axes, values: np.ndarray, feature: Mapping[str, Any], palette: Palette
) -> None:
    low, high = feature.get("view") or (values.min(initial=0.0), values.max(initial=1.0))
    high = high if high > low else low + 1.0
    inside = values[(values >= low) & (values <= high)]
    counts, edges = np.histogram(inside, BINS, (low, high))
    axes.stairs(counts, edges, fill=True, color=palette.lines[0])
    axes.set_xlim(low - 0.02 * (high - low), high + 0.02 * (high - low))
    axes.set_ylim(0, 1.12 * max(counts.max(initial=1), 1))
    axes.locator_params(axis="x", nbins=3)
    if feature.get("fences"):
        below, above = map(float, feature["fences"])
        for place in (below, above):
            if low <= place <= high:
                axes.axvline(place, color=palette.faint, linestyle=(0, (4, 3)), linewidth=0.8)
        out = inside[(inside < below) | (inside > above)]
        axes.plot(
            out, np.full(len(out), 0.03), "|", color=palette.wrong, markersize=7,
            transform=axes.get_xaxis_transform(),
        )  # fmt: skip
    for count, x, align in (
        ((values < low).sum(), 0.0, "left"),
        ((values > high).sum(), 1.0, "right"),
    ):
        if count:
            arrow = f"← {count}" if align == "left" else f"{count} →"
            axes.text(
                x, 0.9, arrow, size=7.5, ha=align, va="top", color=palette.wrong,
                transform=axes.transAxes,
            )  # fmt: skip
