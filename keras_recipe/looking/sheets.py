"""Rows as pictures: plain data that `keras_recipe.reports.pictures` draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_recipe.data.patches import smaller
from keras_recipe.looking.labelled import Labelled, name_of
from keras_recipe.looking.looked import Looked
from keras_recipe.reports.palette import LIGHT

SIDE = 128  # most pixels along a side of a picture: as many as a sheet of eight has room for
MOST_STEPS = 512  # of a series that are drawn
BLEND = 0.55  # of a class's colour in what is laid over a picture
GAP = 0.04  # between the tiles of a picture, of its width
_DRAWN_AS = {"text": "tokens"}


def sheet(
    looked: Looked,
    rows: Sequence[int],
    title: str,
    *,
    captions: Sequence[str] | None = None,
    wrong: Sequence[bool] | None = None,
    note: str = "",
) -> dict[str, Any]:
    """Return a picture of some rows, as plain data.

    Args:
        looked: What is known of the rows.
        rows: Which rows, in the order of the sheet; places in the sample.
        title: Its title.
        captions: Texts in place of label and prediction.
        wrong: Which rows are marked, where there are captions.
        note: What is said under the title.
    """
    kind = looked.drawn.kind
    made: dict[str, Any] = {"kind": "examples", "title": title, "note": note}
    made["inputs_kind"] = _DRAWN_AS.get(kind, kind)
    made |= {"labels": [], "predictions": []}
    if captions is not None:
        made |= {"labels": list(captions), "wrong": list(wrong or ())}
    else:
        made |= _captions(looked, rows)
    return made | _inputs(looked, rows)


def _captions(looked: Looked, rows: Sequence[int]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    masks = looked.labels is not None and looked.labels.places is not None
    if looked.drawn.kind == "image" and masks:
        accuracy = looked.scores.get("accuracy")
        if accuracy is not None:
            return {"labels": [f"{accuracy[row]:.0%} right" for row in rows]}
        return {"labels": [f"row {looked.sample.places[row]}" for row in rows]}
    for name, one in (("labels", looked.labels), ("predictions", looked.predictions)):
        if one is not None:
            made[name] = [one.texts[row] for row in rows]
    if looked.wrong is not None:
        made["wrong"] = [bool(looked.wrong[row]) for row in rows]
    elif looked.labels is not None and looked.predictions is not None:
        made["wrong"] = [False] * len(rows) if rows else []
    return made


def _inputs(looked: Looked, rows: Sequence[int]) -> dict[str, Any]:
    drawn = looked.drawn
    if looked.is_text:
        return {"inputs": [looked.text(row) for row in rows]}
    values = drawn.values[np.asarray(rows, "int64")]
    if drawn.kind == "image":
        return _pictures(looked, values, rows)
    if drawn.kind == "series":
        step = -(-values.shape[1] // MOST_STEPS)
        return {"inputs": values[:, ::step].astype("float64").tolist()}
    made: dict[str, Any] = {"inputs": values.astype("float64").tolist()}
    return made | ({"features": list(looked.features)} if looked.features else {})


def _small(values: np.ndarray) -> np.ndarray:
    """Return pictures `(rows, height, width, channels)` of at most 128 pixels a side."""
    values = values if values.ndim == 4 else values[..., None]
    factor = -(-max(values.shape[1:3]) // SIDE)
    made = smaller(values, factor) if factor > 1 else values
    return _on_white(np.asarray(made, "float64"))


def _on_white(values: np.ndarray) -> np.ndarray:
    """Return pictures with transparency as they look on white paper."""
    if values.shape[-1] != 4:
        return values
    white = 255.0 if np.nanmax(values, initial=0.0) > 1 else 1.0
    part = values[..., 3:] / white
    return np.asarray(values[..., :3] * part + white * (1 - part))


def _pictures(looked: Looked, values: np.ndarray, rows: Sequence[int]) -> dict[str, Any]:
    tiles, names = [_small(values)], ["picture"]
    found: set[int] = set()
    for name, one in (("label", looked.labels), ("prediction", looked.predictions)):
        made = None if one is None else _tile(one, values, tiles[0], rows)
        if made is not None:
            tiles.append(made[0])
            names.append(name)
            found |= made[1]
    if len(tiles) == 1:
        return {"inputs": tiles[0].tolist()}
    tiles = [_in_colour(tile) for tile in tiles]
    gap = np.ones((*tiles[0].shape[:2], max(1, round(GAP * tiles[0].shape[2])), 3))
    joined = [part for tile in tiles for part in (tile, gap)][:-1]
    colours = {
        name_of(c, looked.class_names) + ("" if c else " (no colour)"): _colour(c)
        for c in sorted(found)
    }
    columns = 4 if len(tiles) == 2 else 3
    return {
        "inputs": np.concatenate(joined, axis=2).tolist(),
        "columns": columns,
        "colours": colours,
        "tiles": ", ".join(names),
    }


def _tile(
    one: Labelled, values: np.ndarray, small: np.ndarray, rows: Sequence[int]
) -> tuple[np.ndarray, set[int]] | None:
    """Return what is drawn beside the pictures of some rows, and the classes in it."""
    place = np.asarray(rows, "int64")
    size = values.shape[1:3]
    if one.places is not None and one.places.shape[1:3] == size:
        classes = _nearest(one.places[place], small.shape[1:3])
        return _laid_over(small, classes), {int(c) for c in np.unique(classes)}
    if one.pictures is not None and one.pictures.shape[1:3] == size:
        shown = _small(one.pictures[place])
        return (shown, set()) if shown.shape[-1] in (1, 3) else None
    return None


def _nearest(classes: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Return masks with as many rows and columns as the picture is drawn with."""
    along = [
        np.minimum((np.arange(n) + 0.5) * old // n, old - 1).astype(int)
        for n, old in zip(size, classes.shape[1:3], strict=True)
    ]
    return np.asarray(classes[:, along[0]][:, :, along[1]])


def _colour(number: int) -> str:
    """Return the colour of a class; 0 is most often the background, and is left as it is."""
    return LIGHT.paper if number == 0 else LIGHT.lines[(number - 1) % len(LIGHT.lines)]


def _in_colour(values: np.ndarray) -> np.ndarray:
    """Return pictures as `(rows, height, width, 3)` in 0..1."""
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    low, high = (0.0, max(high, 1.0 if high <= 1 else 255.0)) if low >= 0 else (low, high)
    scaled = (values - low) / ((high - low) or 1.0)
    grey = scaled.mean(-1, keepdims=True) if scaled.shape[-1] not in (1, 3) else scaled
    return np.repeat(grey, 3 // grey.shape[-1], axis=-1)


def _laid_over(pictures: np.ndarray, classes: np.ndarray) -> np.ndarray:
    made = np.repeat(_in_colour(pictures).mean(-1, keepdims=True), 3, axis=-1)
    for number in np.unique(classes):
        if number == 0:
            continue
        colour = _colour(int(number)).lstrip("#")
        rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)])
        where = classes == number
        made[where] = (1 - BLEND) * made[where] + BLEND * rgb
    return made


def pages(rows: Sequence[int], each: int, most: int) -> list[list[int]]:
    """Return rows in pages of `each`, at most `most` pages."""
    count = min(math.ceil(len(rows) / each), most)
    return [list(rows[i * each : (i + 1) * each]) for i in range(count)]
