"""Rows as they are shown: sheets of pictures in order or class by class, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_recipe.looking.looked import Looked
from keras_recipe.looking.sheets import pages, sheet
from keras_recipe.looking.view import View
from keras_recipe.reports.gallery import MOST
from keras_recipe.reports.phrases import figure, shortened

MOST_SHEETS = 12  # sheets of one view, one a class
MOST_PAGES = 4  # sheets of rows in order
TILED = 12  # pictures of a sheet where each stands beside its mask
MOST_LINES = 200  # rows of the table on a page
MOST_PRINTED = 20  # and as text
TEXT = 160  # characters of a text in the table
_NOT_SCORES = ("row", "label", "prediction")  # columns of their own, in words


def rows_shown(
    looked: Looked, order: np.ndarray, steps: Sequence[str], *, by_class: bool
) -> View:
    """Return rows, drawn and as a table.

    Args:
        looked: What is known of the rows.
        order: Which rows; places in the sample.
        steps: What was done to choose and sort them, in words.
        by_class: Whether each class has a sheet of its own.
    """
    title, note = _title(order, steps), _note(looked)
    made = _by_class(looked, order, note) if by_class else _in_order(looked, order, title, note)
    heads, lines = _table(looked, order[:MOST_LINES])
    drawn = sum(len(one["inputs"]) for one in made)
    if drawn < len(order):
        note += f"; {drawn} of the {len(order)} rows are drawn"
    return View(title, note, made, heads, lines)


def rows_told(looked: Looked, order: np.ndarray, steps: Sequence[str]) -> View:
    """Return the first rows as a table alone, to be printed."""
    heads, lines = _table(looked, order[:MOST_PRINTED])
    return View(_title(order, steps), _note(looked), [], heads, lines)


def _title(order: np.ndarray, steps: Sequence[str]) -> str:
    many = f"{len(order)} rows" if len(order) != 1 else "1 row"
    return ", ".join([many, *steps])


def _note(looked: Looked) -> str:
    drawn = f"drawn as {looked.drawn.kind} ({looked.drawn.name})"
    if looked.drawn.others:
        drawn += f", without {', '.join(looked.drawn.others)}"
    return f"of {looked.sample.note}; {drawn}"


def _each(looked: Looked, order: np.ndarray) -> int:
    """Return how many rows a sheet holds."""
    if len(order) and "tiles" in sheet(looked, order[:1].tolist(), ""):
        return TILED
    return MOST["tokens" if looked.is_text else looked.drawn.kind]


def _in_order(looked: Looked, order: np.ndarray, title: str, note: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    start = 1
    for page in pages(order.tolist(), _each(looked, order), MOST_PAGES):
        last = start + len(page) - 1
        named = title if len(page) == len(order) else f"{title}: {start} to {last}"
        made.append(sheet(looked, page, named, note=note if start == 1 else ""))
        start = last + 1
    return made


def _by_class(looked: Looked, order: np.ndarray, note: str) -> list[dict[str, Any]]:
    labels = looked.labels
    if labels is None or labels.classes is None:
        return []  # refused before
    made: list[dict[str, Any]] = []
    each, classes = _each(looked, order), labels.classes[order]
    for number in np.unique(classes)[:MOST_SHEETS]:
        rows = order[classes == number][:each].tolist()
        every = int((labels.classes == number).sum())
        name = shortened(labels.texts[rows[0]], 30)
        title = f"label {name}: {len(rows)} of {every}"
        made.append(sheet(looked, rows, title, note="" if made else note))
    return made


def _table(looked: Looked, order: np.ndarray) -> tuple[list[str], list[list[str]]]:
    """Return heads and lines: row, label, prediction, every score, and the text."""
    both = (("label", looked.labels), ("prediction", looked.predictions))
    said = {name: one.texts for name, one in both if one is not None}
    names = [name for name in looked.scores if name not in _NOT_SCORES]
    lines = []
    for row in order.tolist():
        line = [str(looked.sample.places[row])]
        line += [shortened(texts[row], 40) for texts in said.values()]
        line += [_cell(looked.scores[name][row]) for name in names]
        line += [shortened(looked.text(row), TEXT)] if looked.is_text else []
        lines.append(line)
    return ["row", *said, *names, *(["text"] if looked.is_text else [])], lines


def _cell(value: Any) -> str:
    if isinstance(value, np.bool_):
        return "yes" if value else "no"
    return figure(value.item())
