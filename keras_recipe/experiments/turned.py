"""Pictures that occur again mirrored or turned, and whether their labels follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.contents import Contents, both_hashes, row_hashes
from keras_recipe.data.features import encoded
from keras_recipe.data.unseen import learn, targets
from keras_recipe.task import Task

TURNS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "mirrored left to right": lambda a: a[:, :, ::-1],
    "turned upside down": lambda a: a[:, ::-1],
    "turned by 180 degrees": lambda a: a[:, ::-1, ::-1],
    "turned by 90 degrees": lambda a: np.rot90(a, 1, (1, 2)),
}
LEAST_ROWS = 10  # held-out rows of a class below which nothing is said of it
SAME = 0.8  # share of copies under one label that makes it the rule


@dataclass(frozen=True)
class Turned:
    """A turn that changes what a class means, while its label says otherwise.

    Attributes:
        text: One sentence.
        label: The class.
        share: Share of the class's held-out rows that a simple model reads so after the turn.
        evidence: Plain data behind it.
    """

    text: str
    label: float
    share: float
    evidence: dict[str, Any] = field(default_factory=dict)


def _pictures(sample: Batch) -> np.ndarray | None:
    parts = leaves(sample.x)
    if len(parts) != 1 or parts[0].dtype.kind not in "biuf":
        return None
    x = parts[0]
    return x if x.ndim == 4 and min(x.shape[1:3]) >= 4 else None


@dataclass(frozen=True)
class _Pairs:
    """Rows whose turned copy is in the data: their labels, and whether the copy's is equal."""

    labels: np.ndarray
    same: np.ndarray


def _pairs(known: Contents, x: np.ndarray, y: np.ndarray, turned: np.ndarray) -> _Pairs:
    hashes = row_hashes([turned])
    moved = hashes != row_hashes([x])  # symmetric pictures say nothing
    there = moved & np.isin(hashes, known.columns[0])
    same = np.isin(both_hashes(hashes, [y]), known.columns[1])
    return _Pairs(y[there], same[there])


def turned_labels(
    known: Contents,
    samples: Mapping[str, Batch],
    task: Task,
    seed: int,
    least: int,
    consistent: float,
) -> Turned | None:
    """Return a turn under which training copies have the wrong label, if that can be shown.

    What a turn does to a class is learned from the validation rows, which are not augmented:
    a simple model, right on held-out rows of the class, says what it reads in their turns.

    Args:
        known: Hashes of the training rows.
        samples: Rows by split.
        task: What is learned: one output with exclusive classes, or nothing is said.
        seed: Seed of the simple model.
        least: Turned copies from which on their labels are judged.
        consistent: Share of a class's rows that must be read alike.
    """
    x, held = _pictures(samples["training"]), samples.get("validation")
    heads = [head for head in task.heads if head.target is not None]
    if (
        x is None
        or held is None
        or len(heads) != 1
        or heads[0].kind not in ("binary", "multiclass")
    ):
        return None
    y, seen = leaves(samples["training"].y), _pictures(held)
    if len(y) != 1 or heads[0].structure != "sample" or seen is None:
        return None
    for name, turn in TURNS.items():
        if x.shape[1] != x.shape[2] and "90" in name:
            continue
        pairs = _pairs(known, x, y[0], turn(x))
        if len(pairs.labels) < least:
            continue
        found = _judged(name, pairs, held, turn, seed, consistent)
        if found:
            return found
    return None


def _judged(
    name: str,
    pairs: _Pairs,
    held: Batch,
    turn: Callable[[np.ndarray], np.ndarray],
    seed: int,
    consistent: float,
) -> Turned | None:
    seen, y = leaves(held.x)[0], leaves(held.y)[0]
    try:
        plain, changed = encoded(seen, turn(seen), seed=seed)
    except NotApplicable:
        return None
    of_held, of_pairs = targets([y, pairs.labels], classes=True)
    classes = np.unique(y) if of_held.values.shape[1] == len(np.unique(y)) else None
    said = learn(plain, of_held, changed, seed)
    before, after = said.own.argmax(1), said.held.argmax(1)
    for c in range(of_held.values.shape[1]):
        mine, copied = of_held.given == c, of_pairs.values[:, c] == 1
        if mine.sum() < LEAST_ROWS or copied.sum() < LEAST_ROWS:
            continue
        if (before[mine] == c).mean() < consistent:
            continue
        read = int(np.bincount(after[mine]).argmax())
        share, same = float((after[mine] == read).mean()), float(pairs.same[copied].mean())
        wrong = same >= SAME if read != c else same <= 1 - SAME
        if share < consistent or not wrong:
            continue
        label, other = (float(classes[i]) if classes is not None else i for i in (c, read))
        kept = "the same" if read != c else "another"
        often = same if read != c else 1 - same
        return Turned(
            f"training rows of class {label:g} occur again {name}, {often:.0%} of these under "
            f"{kept} label, but held-out rows of it read as class {other:g} when turned so "
            f"({share:.0%})",
            label,
            share,
            {"turn": name, "copies": int(copied.sum()), "same_label": same, "reads_as": other},
        )
    return None
