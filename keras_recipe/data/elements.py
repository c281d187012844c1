"""One element of a dataset as a Batch, and in words why there was none."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.data.arrays import rows_of, structure
from keras_recipe.data.batch import Batch


def unpacked(element: Any, kind: str) -> Batch:
    """Return one element of a dataset as a Batch, by Keras's rule for tuples.

    Args:
        element: What the dataset yields.
        kind: What the dataset is.

    Raises:
        InputError: It has no or more than three parts, or these are no arrays of equal length.
    """
    parts = tuple(element) if isinstance(element, list | tuple) else (element,)
    if not 1 <= len(parts) <= 3:
        msg = f"The {kind} must yield (x, y) or (x, y, sample_weight); got {len(parts)} parts."
        raise InputError(msg)
    named = zip(parts, ("x", "y", "sample_weight"), strict=False)
    batch = Batch(*(structure(part, name) for part, name in named))
    rows_of(batch, f"the {kind}")
    return batch


def broken(kind: Any, place: str, error: Exception, paths: Sequence[str] = ()) -> InputError:
    """Return what to raise where the user's dataset raised.

    Args:
        kind: What the dataset is, or the dataset.
        place: Where reading was.
        error: What it raised.
        paths: The files it reads, if it knows: those that are broken are named.
    """
    kind = kind if isinstance(kind, str) else type(kind).__name__
    text = f"{type(error).__name__}: {said(error)}".rstrip(": .")
    if paths:
        folders = importlib.import_module("keras_recipe.data.class_folders")
        text += folders.broken_among(paths)
    return InputError(f"The {kind} cannot be read: {place} it raised {text}; mend it first.")
