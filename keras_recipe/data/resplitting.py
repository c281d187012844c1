"""Rows dealt out to training and validation anew: shuffled, each in one split only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.contents import row_hashes
from keras_recipe.data.given import Given
from keras_recipe.data.order import label_of_rows

MOST_CLASSES = 1000  # different labels from which on they are taken for amounts


def _weighted(batch: Batch) -> Batch:
    """Return rows that have weights: 1 where none were given."""
    if batch.sample_weight is not None:
        return batch
    return Batch(batch.x, batch.y, np.ones(len(batch), "float32"))


def _pooled(given: Given) -> Batch:
    """Return the rows of both splits, training first."""
    parts = [given.training] if given.held is None else [given.training, given.held]
    if any(part.sample_weight is not None for part in parts):
        parts = [_weighted(part) for part in parts]
    return Batch.joined(parts)


def _classes(rows: Batch, held: int) -> np.ndarray | None:
    """Return a class a row by which a split can be stratified; None where there is none."""
    targets = leaves(rows.y)
    labels = label_of_rows(targets[0]) if len(targets) == 1 else None
    if labels is None:
        return None
    known, counts = np.unique(labels, return_counts=True)
    fits = len(known) <= min(held, len(rows) - held, MOST_CLASSES) and counts.min() > 1
    return labels if fits else None


def _dealt(given: Given, rows: Batch, seed: int) -> dict[str, Any]:
    """Deal rows out in the shares of before, by class where there are classes."""
    shuffled = given.with_settings(shuffle=True)
    if given.held is None:
        order = np.random.default_rng(seed).permutation(len(rows))
        return replace(shuffled, training=rows.take(order)).arguments
    share = len(given.held) / (len(given.training) + len(given.held))
    count = min(max(round(share * len(rows)), 1), len(rows) - 1)
    mine, other = train_test_split(
        np.arange(len(rows)),
        test_size=count,
        random_state=seed,
        stratify=_classes(rows, count),
    )
    return replace(shuffled, training=rows.take(mine), held=rows.take(other)).arguments


def shuffle_and_split(arguments: Mapping[str, Any], *, seed: int = 0) -> dict[str, Any]:
    """Return the arguments of `fit` with rows mixed before the validation rows are cut off.

    As many rows are held out as before, of each class alike where a row has one class.

    Args:
        arguments: What `fit` would be given.
        seed: Decides the order.

    Raises:
        InputError: The rows are no arrays.
    """
    given = Given.of(arguments)
    return _dealt(given, _pooled(given), seed)


def drop_copies(arguments: Mapping[str, Any], *, seed: int = 0) -> dict[str, Any]:
    """Return the arguments of `fit` with one row of each kind, dealt out anew.

    Rows with equal inputs count as copies; the first stays. The share held out is that of
    before.

    Args:
        arguments: What `fit` would be given.
        seed: Decides the order.

    Raises:
        InputError: The rows are no arrays.
    """
    given = Given.of(arguments)
    rows = _pooled(given)
    first = np.unique(row_hashes(leaves(rows.x)), return_index=True)[1]
    return _dealt(given, rows.take(np.sort(first)), seed)
