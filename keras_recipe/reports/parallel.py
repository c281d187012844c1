"""Parallel coordinates of a search's trials as a matplotlib figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from keras_recipe.reports.charts import numbers, sheet
from keras_recipe.reports.palette import Palette
from keras_recipe.reports.phrases import shortened


def parallel(picture: Mapping[str, Any], palette: Palette) -> Figure:
    """Draw one line a trial across one vertical axis a hyperparameter; the best on top.

    The last axis is the rank of the score. A line breaks where a hyperparameter does not apply.
    """
    names, ends = list(picture["axes"]), list(picture["ends"])
    points = numbers(picture["points"]).reshape(-1, len(names))
    scores = numbers([np.nan if s is None else s for s in picture["scores"]])
    count = len(points)
    ranks = 1 - np.arange(count) / max(count - 1, 1)
    lines = np.column_stack([points, ranks])
    made = sheet(picture, palette, 3.1)
    axes = made.add_subplot()
    places = np.arange(len(names) + 1)
    ramp = colormaps[palette.ramp]
    for place in reversed(range(count)):
        best = place == 0
        color = palette.wrong if best else ramp(0.15 + 0.75 * ranks[place])
        axes.plot(
            places, lines[place], "-o", color=color, markersize=3 if best else 2,
            linewidth=2 if best else 0.9, alpha=1 if best else 0.7, zorder=3 if best else 2,
        )  # fmt: skip
    for place in places.tolist():
        axes.vlines(place, 0, 1, color=palette.faint, linewidth=0.8)
    told = [_score(scores[-1]), _score(scores[0])] if count else ["", ""]
    for place, (low, high) in enumerate([*ends, told]):
        for text, at, side in ((low, -0.05, "top"), (high, 1.05, "bottom")):
            axes.text(
                place, at, shortened(text, 18), ha="center", va=side, size=7.5,
                color=palette.faint,
            )  # fmt: skip
    labels = [shortened(name, 18) for name in (*names, picture["objective"])]
    axes.set_xticks(places, labels, rotation=0 if len(labels) <= 7 else 25)
    axes.set_yticks([])
    axes.set_ylim(-0.16, 1.16)
    axes.set_xlim(-0.35, len(names) + 0.35)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return made


def _score(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else ""
