"""How each feature is spread, and which of its values stand outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_recipe.looking.labelled import name_of
from keras_recipe.looking.looked import Looked
from keras_recipe.looking.measures import FAR, beyond, fences
from keras_recipe.looking.view import View
from keras_recipe.reports.phrases import figure

MOST_FEATURES = 24  # charts of a sheet, as many as can be taken in
MOST_VALUES = 20_000  # of a feature that are drawn
MOST_MARKS = 400  # values outside that get a tick of their own
MOST_BARS = 10  # different values that are drawn as bars: codes, classes
MOST_CODES = 30  # where the numbers are known to stand for words
VIEW = 6.0  # distances of the quartiles beyond them where a chart ends
#: What is measured of rows rather than of the data, and is drawn where there is a model.
OF_THE_MODEL = ("loss", "confidence", "entropy", "error", "accuracy")
_OF_A_ROW = {
    "image": ("mean", "std", "min", "max"),
    "series": ("size", "mean", "std"),
    "tokens": ("size", "distinct"),
    "text": ("size",),
}


def distributions(looked: Looked, rows: np.ndarray) -> View:
    """Return a chart of each feature, with the values outside of Tukey's fences marked.

    Features are the columns of a table, the channels of a series, and of pictures and text the
    statistics of a row; then the label, and what the model says. Of more than 24 columns those
    with the largest share of values that are far out are drawn, then the first ones.

    Args:
        looked: What is known of the rows.
        rows: Which rows; places in the sample.
    """
    columns = _columns(looked, rows)
    words = {name: looked.words.get(i) for i, name in enumerate(columns)}
    known = {
        name: _spread(values, codes=words[name] is not None) for name, values in columns.items()
    }
    order = sorted(known, key=lambda name: -known[name]["far_share"])
    chosen = set(order[:MOST_FEATURES])
    more = {f"{n} (score)" if n in known else n: v for n, v in _more(looked, rows).items()}
    extra = {name: _spread(values) for name, values in more.items()}
    drawn = [name for name in known if name in chosen]
    names = {"label": looked.class_names}
    features = [_chart(name, columns[name], known[name], words[name]) for name in drawn]
    features += [_chart(name, more[name], extra[name], names.get(name)) for name in extra]
    left_out = len(known) - len(drawn)
    some = f"{len(rows)} of " if len(rows) < len(looked.sample.places) else ""
    note = some + looked.sample.note
    if left_out:
        note += f"; the {len(drawn)} of {len(known)} columns with the most values far out"
    rule = "dashed: 1.5 quartile distances beyond the quartiles (Tukey), red: outside"
    title = "How the features are spread"
    sheet = {"kind": "histograms", "title": title, "note": rule, "features": features}
    every = {**known, **extra}
    heads = ("feature", "median", "lower fence", "upper fence", "outside", "far out", "gaps")
    table = [
        (name, *("" if one[key] is None else figure(one[key]) for key in _TABLE))
        for name, one in every.items()
    ]
    return View(title, note, [sheet] if features else [], heads, table, every)


_TABLE = ("median", "low", "high", "outside", "far_out", "gaps")


def _columns(looked: Looked, rows: np.ndarray) -> dict[str, np.ndarray]:
    drawn = looked.drawn
    if drawn.kind in ("row", "series"):
        values = drawn.values[rows].astype("float64")
        names = list(looked.features) or [
            f"{drawn.name}[..., {i}]" if drawn.kind == "series" else f"{drawn.name}[:, {i}]"
            for i in range(values.shape[-1])
        ]
        twice = [name for name, count in Counter(names).items() if count > 1]
        names = [f"{n} [{i}]" if n in twice else n for i, n in enumerate(names)]
        return {name: values[..., i].ravel() for i, name in enumerate(names)}
    return {
        f"{name} of a row": looked.scores[name][rows].astype("float64")
        for name in _OF_A_ROW[drawn.kind]
    }


def _more(looked: Looked, rows: np.ndarray) -> dict[str, np.ndarray]:
    names = ("label", *OF_THE_MODEL)
    return {
        name: looked.scores[name][rows].astype("float64")
        for name in names
        if name in looked.scores
    }


def _spread(values: np.ndarray, *, codes: bool = False) -> dict[str, Any]:
    """Return the facts of one feature, plain data; codes have no fences."""
    known = values[np.isfinite(values)]
    near, far = (None, None) if codes else (fences(values), fences(values, FAR))
    out = int(beyond(known, far).sum())
    return {
        "count": len(known),
        "codes": codes,
        "gaps": len(values) - len(known),
        "median": float(np.median(known)) if len(known) else None,
        "low": None if near is None else near[0],
        "high": None if near is None else near[1],
        "outside": int(beyond(known, near).sum()) if near else None,
        "far_out": out if far else None,
        "far_share": out / max(len(known), 1),
    }


def _chart(
    name: str, values: np.ndarray, facts: dict[str, Any], words: Sequence[str] | None = None
) -> dict[str, Any]:
    known = values[np.isfinite(values)]
    gaps = f", {facts['gaps']} gap{'s' * (facts['gaps'] > 1)}" if facts["gaps"] else ""
    found, counts = np.unique(known, return_counts=True)
    if len(found) <= (MOST_CODES if facts["codes"] else MOST_BARS):
        thing = "word" if facts["codes"] else "value"
        said = f"one {thing}" if len(found) == 1 else f"{len(found)} {thing}s"
        made = {"values": found.tolist(), "counts": counts.tolist(), "bars": True}
        made |= {"ticks": [name_of(one, words) for one in found.tolist()]} if words else {}
        return {"name": name, "said": said + gaps, "marked": bool(gaps), **made}
    if facts["low"] is None:
        half = f"half is {figure(facts['median'])}"
        said = f"{len(found)} words{gaps}" if facts["codes"] else f"{half}{gaps}"
        return {"name": name, "said": said, "marked": bool(gaps), "values": _few(known)}
    far = f" ({facts['far_out']} far)" if facts["far_out"] else ""
    said = f"{facts['outside']} outside{far}{gaps}"
    limits = fences(known, VIEW)
    view = limits and [max(limits[0], float(known.min())), min(limits[1], float(known.max()))]
    return {
        "name": name,
        "said": said,
        "marked": bool(facts["far_out"] or gaps),
        "fences": [facts["low"], facts["high"]],
        "view": view,
        "values": _few(known, (facts["low"], facts["high"])),
    }


def _few(values: np.ndarray, limits: tuple[float, float] | None = None) -> list[float]:
    """Return at most 20,000 of the values, evenly spread in their order."""
    step = -(-len(values) // MOST_VALUES)
    if step == 1:
        return [float(v) for v in values]
    outside = np.flatnonzero(beyond(values, limits))[:MOST_MARKS]
    kept = np.union1d(np.arange(0, len(values), step), outside)
    return [float(v) for v in values[kept]]
