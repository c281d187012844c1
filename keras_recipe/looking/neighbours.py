"""Predictions against the data: the worst and least certain beside what training had nearby."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.data.features import encoded
from keras_recipe.looking.looked import Looked
from keras_recipe.looking.sheets import sheet
from keras_recipe.looking.view import View
from keras_recipe.reports.gallery import MOST
from keras_recipe.reports.phrases import figure

BESIDE = 3  # neighbours of each row: with it they fill a line of four
_GALLERY = {"text": "tokens"}


def predictions(looked: Looked, rows: np.ndarray) -> View:
    """Return the worst, the most confidently wrong and the least certain predictions.

    Each stands before its nearest training rows, by the distance of standardised inputs as
    `keras_recipe.data.features.encoded` makes numbers of them: tables as they are, pictures
    and series as coarse views and answers of random patches, tokens and text as counts. A row
    that is looked at is not its own neighbour; a copy of it is.

    Args:
        looked: What is known of the rows.
        rows: Which rows; places in the sample.

    Raises:
        InputError: There is no model, or the training rows have another shape.
    """
    if looked.predictions is None:
        msg = "Predictions need a model: browse(x, y, model=model).predictions()."
        raise InputError(msg)
    each = max(1, MOST[_GALLERY.get(looked.drawn.kind, looked.drawn.kind)] // (BESIDE + 1))
    sections = [(title, chosen[:each]) for title, chosen in _sections(looked, rows)]
    sections = [
        (title, chosen)
        for place, (title, chosen) in enumerate(sections)
        if len(chosen) and not any(np.array_equal(chosen, one) for _, one in sections[:place])
    ]
    wanted = np.unique(np.concatenate([chosen for _, chosen in sections] or [rows[:0]]))
    near = _nearest(looked, wanted)
    beside = looked.training or looked
    sheets = [_sheet(looked, beside, title, chosen, near) for title, chosen in sections]
    where = "the same rows" if looked.training is None else "the training rows"
    note = (
        f"{len(rows)} rows; each is followed by the {BESIDE} nearest of {where} "
        f"({beside.sample.note}), by standardised inputs"
    )
    table = [
        (title, *_line(looked, beside, row, near))
        for title, chosen in sections
        for row in chosen.tolist()
    ]
    facts = {title: looked.sample.places[chosen].tolist() for title, chosen in sections}
    heads = ("", "row", "label", "prediction", "loss", "nearest rows", "their labels")
    return View("Predictions beside the data", note, sheets, heads, table, facts)


def _sections(looked: Looked, rows: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield titles and rows, the one that matters most first."""

    def by(name: str, among: np.ndarray, sign: int = 1) -> np.ndarray:
        values = sign * looked.scores[name][among].astype("float64")
        known = np.isfinite(values)
        ordered: np.ndarray = among[known][np.argsort(values[known], kind="stable")]
        return ordered

    scores = looked.scores
    if "loss" in scores:
        yield "Worst: the largest loss", by("loss", rows, -1)
    if looked.wrong is not None and "confidence" in scores:
        yield "Most confidently wrong", by("confidence", rows[looked.wrong[rows]], -1)
    if "margin" in scores:
        yield "Least certain: the smallest margin", by("margin", rows)
    if "error" in scores:
        yield "Furthest above the label", by("error", rows[scores["error"][rows] > 0], -1)
        yield "Furthest below the label", by("error", rows[scores["error"][rows] < 0])
    if "loss" not in scores and "accuracy" in scores:
        yield "Least of it right", by("accuracy", rows)


def _nearest(looked: Looked, rows: np.ndarray) -> dict[int, list[int]]:
    """Return the nearest rows of the training sample of each row."""
    beside = looked.training or looked
    if not len(rows):
        return {}
    asked = looked.sample.batch.take(rows)
    try:
        known, wanted = encoded(beside.sample.batch.x, asked.x, seed=looked.sample.seed)
    except NotApplicable as error:
        msg = f"The training rows cannot be compared with these: {error}."
        raise InputError(msg) from error
    scaler = StandardScaler().fit(known)
    count = min(BESIDE + 1, len(known))
    found = NearestNeighbors(n_neighbors=count).fit(scaler.transform(known))
    places = found.kneighbors(scaler.transform(wanted), return_distance=False)
    own = looked.training is None
    return {
        int(row): [int(p) for p in line if not (own and p == row)][:BESIDE]
        for row, line in zip(rows, places, strict=True)
    }


def _label(looked: Looked, row: int) -> str:
    return looked.labels.texts[row] if looked.labels is not None else "?"


def _line(looked: Looked, beside: Looked, row: int, near: dict[int, list[int]]) -> list[str]:
    said = looked.predictions
    loss = looked.scores.get("loss")
    return [
        str(looked.sample.places[row]),
        _label(looked, row),
        said.texts[row] if said is not None else "",
        "" if loss is None else figure(float(loss[row])),
        " ".join(str(beside.sample.places[one]) for one in near[row]),
        ", ".join(_label(beside, one) for one in near[row]),
    ]


def _sheet(
    looked: Looked, beside: Looked, title: str, chosen: np.ndarray, near: dict[int, list[int]]
) -> dict[str, Any]:
    """Return one sheet: each row, then its neighbours."""
    labels, said, wrong = _captioned(looked, beside, chosen, near)
    parts = []
    for row in chosen.tolist():
        parts += [sheet(looked, [row], title), sheet(beside, near[row], title)]
    joined = {**parts[0], "labels": labels, "wrong": wrong}
    joined["predictions"] = said if any(said) else []
    joined["inputs"] = [one for part in parts for one in part["inputs"]]
    joined["note"] = f"each is followed by its {BESIDE} nearest training rows (≈)"
    if "colours" in joined:
        joined["colours"] = _merged([part["colours"] for part in parts])
        joined["columns"] = 4
        joined["inputs"] = _as_wide(joined["inputs"])
        joined["note"] += " (no prediction)"
    return joined


def _captioned(
    looked: Looked, beside: Looked, chosen: np.ndarray, near: dict[int, list[int]]
) -> tuple[list[str], list[str], list[bool]]:
    """Return labels, predictions (none for neighbours) and what is wrong."""
    labels: list[str] = []
    said: list[str] = []
    wrong: list[bool] = []
    texts = looked.predictions.texts if looked.predictions is not None else []
    accuracy = looked.scores.get("accuracy")
    masks = looked.drawn.kind == "image" and accuracy is not None
    for row in chosen.tolist():
        others = near[row]
        own = f"{accuracy[row]:.0%} right" if masks and accuracy is not None else ""
        labels += [own or _label(looked, row), *(_of_neighbour(beside, one) for one in others)]
        said += ["" if own else texts[row], *[""] * len(others)]
        mark = bool(looked.wrong[row]) if looked.wrong is not None else False
        wrong += [mark, *[False] * len(others)]
    return labels, said, wrong


def _of_neighbour(beside: Looked, row: int) -> str:
    masks = beside.labels is not None and beside.labels.places is not None
    if masks and beside.drawn.kind == "image":
        return f"≈ row {beside.sample.places[row]}"
    return f"≈ {_label(beside, row)}"


def _merged(parts: Sequence[dict[str, str]]) -> dict[str, str]:
    return {name: colour for part in parts for name, colour in part.items()}


def _as_wide(inputs: list[Any]) -> list[Any]:
    """Return pictures filled up with white to the width of the widest."""
    widest = max(len(one[0]) for one in inputs)
    return [
        [[*line, *[[1.0, 1.0, 1.0]] * (widest - len(line))] for line in one] for one in inputs
    ]
