"""One change to a program: to its model, its training rows or its `fit`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from keras_recipe.core.errors import InputError
from keras_recipe.core.result import plain
from keras_recipe.data.batch import Batch

FIT = ("epochs", "steps", "batch_size", "class_weight", "callbacks")


def same(given: Any) -> Any:
    """Return what is given: no change."""
    return given


@dataclass(frozen=True, kw_only=True)
class Move:
    """One change.

    Attributes:
        name: Short and unique within a ladder: `"wider"`.
        text: What it does, in words.
        change: Takes a fresh compiled model and returns the changed compiled model, which may
            be the same object. It must leave the loss what it is, or the scores before and
            after say nothing of each other.
        data: Takes the training rows and returns those to train on. The rows that are judged
            are never changed.
        fit: Settings of the training, over those of the ladder: `epochs` or `steps`,
            `batch_size`, `class_weight`, `callbacks` (copied for each training).

    Raises:
        InputError: The name is empty, or a setting unknown.
    """

    name: str
    text: str
    change: Callable[[keras.Model], keras.Model] = same
    data: Callable[[Batch], Batch] = same
    fit: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no training could use."""
        name: Any = self.name  # the annotation does not bind the caller
        if not isinstance(name, str) or not re.search(r"\w", name):
            msg = f"A move needs a name with a letter in it. Received: name={name!r}"
            raise InputError(msg)
        for what in ("change", "data"):
            if not callable(getattr(self, what)):
                msg = f"{what!r} of move {self.name!r} must be a function."
                raise InputError(msg)
        if unknown := sorted(set(self.fit) - set(FIT)):
            msg = f"The `fit` of move {self.name!r} takes {', '.join(FIT)}. Received: {unknown}"
            raise InputError(msg)
        if {"epochs", "steps"} <= set(self.fit):
            msg = f"The `fit` of move {self.name!r} takes epochs or steps, not both."
            raise InputError(msg)
        for what in ("epochs", "steps", "batch_size"):
            refuse_unless_count(f"{what} of move {self.name!r}", self.fit.get(what, 1))

    @property
    def parts(self) -> tuple[str, ...]:
        """What it changes, of `model`, `data` and `fit`."""
        changed = {
            "model": self.change is not same,
            "data": self.data is not same,
            "fit": bool(self.fit),
        }
        return tuple(name for name, yes in changed.items() if yes)

    def to_dict(self) -> dict[str, Any]:
        """Return name, text, parts and settings as plain JSON data."""
        return {
            "name": self.name,
            "text": self.text,
            "parts": list(self.parts),
            "fit": {key: _named(value) for key, value in self.fit.items()},
        }


def _named(value: Any) -> Any:
    """Return a setting as JSON can hold it: an object by the name of its kind."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_named(one) for one in value]
    try:
        return plain(value)
    except TypeError:
        return type(value).__name__


def refuse_unless_count(what: str, value: Any) -> None:
    """Refuse what is no whole number of at least 1.

    Raises:
        InputError: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        msg = f"The {what} must be a whole number of at least 1. Received: {value!r}"
        raise InputError(msg)


def merged(moves: Sequence[Move], **settings: Any) -> dict[str, Any]:
    """Return the settings of a training under some moves; the later wins, but callbacks add up.

    Args:
        moves: In order.
        **settings: Those of the ladder.
    """
    found = dict(settings)
    for move in moves:
        for length in ("epochs", "steps"):  # either says how long; a later one replaces both
            if length in move.fit:
                found |= {"epochs": None, "steps": None}
        callbacks = [*_listed(found.get("callbacks")), *_listed(move.fit.get("callbacks"))]
        found |= move.fit
        if callbacks:
            found["callbacks"] = callbacks
    return found


def _listed(callbacks: Any) -> list[Any]:
    """Return one callback, several or none as a list."""
    if callbacks is None:
        return []
    return [*callbacks] if isinstance(callbacks, list | tuple) else [callbacks]
