"""What a row looks like: a picture, a row of a table, tokens, text or a time series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.data.axes import alike
from keras_recipe.data.batch import leaves, names
from keras_recipe.data.tokens import is_one_hot, is_tokens

KINDS = ("image", "series", "text", "tokens", "row")  # the first that an input is, is drawn
CHANNELS = (1, 3, 4)
ROWS = 64  # rows that say what an input is
LEAST_SIDE = 8  # of a picture without an axis of channels
SMOOTH = 0.35  # correlation of neighbours in a picture: `scrambled` in `data.axes`


@dataclass(frozen=True, eq=False)
class Drawn:
    """The input that is drawn.

    Attributes:
        kind: One of `KINDS`.
        name: What messages call it.
        values: `(rows, ...)`: pictures `(height, width)` or with the channels last, series
            `(steps, channels)`, tokens `(steps,)`, text `(parts,)`, tables `(features,)`.
        others: Names of the inputs that are not drawn.
    """

    kind: str
    name: str
    values: np.ndarray
    others: tuple[str, ...] = ()


def drawn(x: Any, *, decoded: bool = False, kind: str | None = None) -> Drawn:
    """Return how the inputs are drawn.

    Args:
        x: Inputs as a `Batch` has them.
        decoded: Whether there is a decoder: whole numbers are tokens then.
        kind: The user's word on what the rows are.

    Raises:
        InputError: `kind` is not known or does not fit.
    """
    if kind is not None and kind not in KINDS:
        msg = f"`kind` is one of {', '.join(KINDS)}. Received: {kind!r}"
        raise InputError(msg)
    found = []
    for name, leaf in zip(names(x, "x"), leaves(x), strict=True):
        known = leaf.astype("float32") if leaf.dtype.name == "bfloat16" else leaf
        what = kind or _kind(known, decoded=decoded)
        found.append(Drawn(what, name, _shaped(known, what, name)))
    best = min(found, key=lambda one: KINDS.index(one.kind))
    others = tuple(one.name for one in found if one is not best)
    return Drawn(best.kind, best.name, best.values, others)


def _kind(leaf: np.ndarray, *, decoded: bool) -> str:
    if leaf.dtype.kind in "US":
        return "text"
    few = leaf[:ROWS]
    if leaf.ndim > 3:
        return "image"
    if leaf.ndim == 3:
        if is_one_hot(few):
            return "tokens"
        return "image" if _is_picture(few) else "series"
    whole = leaf.dtype.kind in "iu" or bool((few == np.rint(few)).all())
    if leaf.ndim == 2 and ((decoded and whole) or (leaf.dtype.kind in "iu" and is_tokens(few))):
        return "tokens"
    return "row"


def _is_picture(few: np.ndarray) -> bool:
    """Whether rows of two axes are pictures: neighbours are alike both ways."""
    height, width = few.shape[1:]
    if min(height, width) < LEAST_SIDE:
        return False
    if few.dtype == np.uint8:
        return True
    values = np.nan_to_num(few.astype("float64"))
    return max(height, width) <= 2 * min(height, width) and all(
        alike(values, axis) >= SMOOTH for axis in (1, 2)
    )


def _shaped(leaf: np.ndarray, kind: str, name: str) -> np.ndarray:
    if kind == "row" or (kind in ("tokens", "text") and leaf.ndim != 3):
        return leaf.reshape(len(leaf), -1)
    if kind in ("tokens", "text"):
        return np.asarray(leaf.argmax(-1))
    if kind == "series":
        return leaf.reshape(len(leaf), leaf.shape[1] if leaf.ndim > 1 else 1, -1)
    while leaf.ndim > 4:  # a film or a volume: its middle
        leaf = leaf[:, leaf.shape[1] // 2]
    if leaf.ndim < 3:
        msg = f"`{name}` of shape {leaf.shape} cannot be drawn as pictures."
        raise InputError(msg)
    if leaf.ndim == 4 and leaf.shape[-1] not in CHANNELS and leaf.shape[1] in CHANNELS:
        return np.moveaxis(leaf, 1, -1)
    return leaf
