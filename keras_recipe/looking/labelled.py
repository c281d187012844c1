"""Targets as a person reads them: a class, an amount, a mask, or a list of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.reports.phrases import figure
from keras_recipe.task import MOST_CLASSES

MOST_NUMBERS = 8  # of one label that are written out


@dataclass(frozen=True, eq=False)
class Labelled:
    """The labels, or the predictions, of rows.

    Attributes:
        texts: Each in words.
        classes: Class number of each row, `(rows,)`; None where rows have no single class.
        amounts: The number of each row, `(rows,)`; None where it is no amount.
        places: Class number of each place, `(rows, steps)` or `(rows, height, width)`; None
            where places have no class.
        pictures: `(rows, height, width, channels)` where the target is a picture; else None.
    """

    texts: list[str]
    classes: np.ndarray | None = None
    amounts: np.ndarray | None = None
    places: np.ndarray | None = None
    pictures: np.ndarray | None = None

    @property
    def scores(self) -> np.ndarray | None:
        """What rows can be sorted by."""
        return self.classes if self.classes is not None else self.amounts


def class_names_of(given: Any) -> list[str]:
    """Return the names of classes by number.

    Raises:
        InputError: They are no list of texts.
    """
    if given is None:
        return []
    if isinstance(given, str | bytes) or not isinstance(given, Sequence | np.ndarray):
        msg = (
            "`class_names` must be a list of names, one a class number. "
            f"Received: {type(given).__name__}"
        )
        raise InputError(msg)
    return [str(name) for name in given]


def name_of(number: float, names: Sequence[str]) -> str:
    """Return the name of a class, else its number."""
    if float(number).is_integer() and 0 <= number < len(names):
        return names[int(number)]
    return figure(float(number))


def numbers(row: np.ndarray) -> str:
    """Return a label of several numbers in words."""
    flat = np.ravel(row)
    text = " ".join(figure(float(v)) for v in flat[:MOST_NUMBERS])
    return f"{text} …" if flat.size > MOST_NUMBERS else text


def of_classes(classes: np.ndarray, names: Sequence[str]) -> Labelled:
    """Return labels that are one class a row."""
    return Labelled([name_of(c, names) for c in classes.tolist()], classes=classes)


def of_amounts(values: np.ndarray) -> Labelled:
    """Return labels that are one number a row."""
    flat = np.asarray(values, "float64").reshape(len(values))
    return Labelled([figure(float(v)) for v in flat], amounts=flat)


def of_places(places: np.ndarray, names: Sequence[str]) -> Labelled:
    """Return labels that are a class at every place, `(rows, places...)`."""
    texts = []
    for row in places:
        found, counts = np.unique(row, return_counts=True)
        order = np.argsort(-counts, kind="stable")[:MOST_NUMBERS]
        if row.ndim > 1:
            texts.append(", ".join(name_of(found[i], names) for i in order))
        else:
            texts.append(" ".join(name_of(v, names) for v in row.tolist()))
    return Labelled(texts, places=places)


def of_vectors(values: np.ndarray) -> Labelled:
    """Return labels that are several numbers a row; a picture where they have its axes."""
    picture = values if values.ndim == 4 else values[..., None] if values.ndim == 3 else None
    return Labelled([numbers(row) for row in values], pictures=picture)


def labelled(y: np.ndarray, names: Sequence[str], *, placed: bool = False) -> Labelled:
    """Return targets by what they look like, where no model says what they mean.

    Args:
        y: Targets `(rows, ...)`.
        names: Names of the classes.
        placed: Whether the inputs are pictures: a target of their rows and columns is a mask
            where it holds few whole numbers.
    """
    whole = bool((np.isfinite(y) & (y == np.rint(y))).all())
    flat = y.reshape(len(y), -1)
    one_hot = whole and y.ndim > 1 and y.shape[-1] > 1 and _is_one_hot(y)
    if y.ndim == 2 and one_hot:
        return of_classes(y.argmax(-1), names)
    few = whole and len(np.unique(y)) <= max(MOST_CLASSES, len(names))
    if flat.shape[1] == 1:
        if few:
            return of_classes(np.rint(flat[:, 0]).astype("int64"), names)
        return of_amounts(flat[:, 0])
    if y.ndim > 3 and one_hot:
        return of_places(y.argmax(-1), names)
    if placed and few and y.ndim in (3, 4) and (y.ndim == 3 or y.shape[-1] == 1):
        return of_places(y.reshape(y.shape[:3]).astype("int64"), names)
    if few and y.ndim == 2 and y.dtype.kind in "iu":
        return of_places(y.astype("int64"), names)
    return of_vectors(y)


def _is_one_hot(y: np.ndarray) -> bool:
    return bool(((y == 0) | (y == 1)).all() and (y.sum(-1) == 1).all())
