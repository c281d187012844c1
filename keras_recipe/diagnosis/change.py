"""One thing that an expert would change, and the check whose subject it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from keras_recipe.data.batch import Batch
from keras_recipe.task import Task


def unchanged(rows: Batch) -> Batch:
    """Return the rows as they are."""
    return rows


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that an expert would change.

    Attributes:
        text: What it is, in words.
        code: One line of Keras code.
        codes: The checks whose subject it is, the likeliest first.
        part: What it changes; two changes of one part exclude each other.
        during: Makes it for as long as the context lasts; may yield another model to train.
        data: Makes it on the rows.
        task: Returns what is learned then.
        action: Makes it for good; None where it is in the user's pipeline.
    """

    text: str
    code: str
    codes: tuple[str, ...]
    part: str
    during: Callable[[Any], Any] = lambda _: nullcontext()
    data: Callable[[Batch], Batch] = unchanged
    task: Callable[[Task], Task] = lambda task: task
    action: Callable[[Any], Any] | None = None


def in_order(some: Iterable[Change]) -> list[Change]:
    """Return changes so that each finds the layers it knows, and none undoes another."""
    turn = {"head": 1, "inputs": 2, "optimizer": 3}
    return sorted(some, key=lambda one: turn.get(one.part.split()[0], 0))
