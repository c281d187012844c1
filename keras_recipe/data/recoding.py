"""Inputs and targets of some splits written in another way: codes, scales, columns, gaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from sklearn.impute import SimpleImputer

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.given import Given

BOTH = ("training", "validation")
Change = Callable[[np.ndarray], np.ndarray]


def _with_leaf(structure: Any, place: int, change: Change) -> Any:
    """Return a structure of arrays with the one at `place` changed."""
    flat = keras.tree.flatten(structure)
    known = [index for index, leaf in enumerate(flat) if leaf is not None]
    flat[known[place]] = change(flat[known[place]])
    return keras.tree.pack_sequence_as(structure, flat)


def _in(given: Given, splits: Sequence[str], change: Callable[[Batch], Batch]) -> Given:
    """Return what is given with the rows of some splits changed."""
    mine, held = given.training, given.held
    if "training" in splits:
        mine = change(mine)
    if "validation" in splits and held is not None:
        held = change(held)
    return replace(given, training=mine, held=held)


def change_rows(
    arguments: Mapping[str, Any], *, change: Callable[[Batch], Batch]
) -> dict[str, Any]:
    """Return the arguments of `fit` with the rows of both splits changed.

    Args:
        arguments: What `fit` would be given.
        change: Makes it, on any rows.

    Raises:
        InputError: The rows are no arrays.
    """
    return _in(Given.of(arguments), BOTH, change).arguments


def change_inputs(
    arguments: Mapping[str, Any],
    *,
    change: Change,
    place: int = 0,
    splits: Sequence[str] = BOTH,
) -> dict[str, Any]:
    """Return the arguments of `fit` with one input changed.

    Args:
        arguments: What `fit` would be given.
        change: Makes it, on an array of any number of rows.
        place: Place of the input among the flattened ones.
        splits: Those that are changed.

    Raises:
        InputError: The rows are no arrays.
    """

    def changed(rows: Batch) -> Batch:
        return rows.with_x(_with_leaf(rows.x, place, change))

    return _in(Given.of(arguments), splits, changed).arguments


def change_targets(
    arguments: Mapping[str, Any],
    *,
    change: Change,
    place: int = 0,
    splits: Sequence[str] = BOTH,
) -> dict[str, Any]:
    """Return the arguments of `fit` with one target changed; as in `change_inputs`."""

    def changed(rows: Batch) -> Batch:
        return Batch(rows.x, _with_leaf(rows.y, place, change), rows.sample_weight)

    return _in(Given.of(arguments), splits, changed).arguments


def by_table(values: np.ndarray, *, table: Mapping[float, float]) -> np.ndarray:
    """Return labels under other numbers; whole numbers stay in the type they came in.

    Args:
        values: Labels.
        table: The new number of each; one that is not named stays.

    Raises:
        InputError: A new number cannot be told from one that stays.
    """
    known, places = np.unique(values, return_inverse=True)
    new = np.array([table.get(float(value), float(value)) for value in known], "float64")
    kept = {float(value) for value in known} - set(table)
    if both := kept & {table[value] for value in table if value in known}:
        msg = f"The labels {sorted(both)[:5]} would mean two things. Expected: {dict(table)}"
        raise InputError(msg)
    whole = bool((new == np.rint(new)).all()) and (new >= 0).all()
    kind = values.dtype if values.dtype.kind == "f" or whole else np.dtype("float32")
    kind = np.dtype("int32") if values.dtype.kind == "b" and whole else kind
    return np.asarray(new[places].reshape(values.shape), kind)


def recode(
    arguments: Mapping[str, Any],
    *,
    table: Mapping[float, float],
    place: int = 0,
    splits: Sequence[str] = BOTH,
) -> dict[str, Any]:
    """Return the arguments of `fit` with labels under other numbers.

    Args:
        arguments: What `fit` would be given.
        table: The new number of each label; one that is not named stays.
        place: Place of the target among the flattened ones.
        splits: Those that are changed.

    Raises:
        InputError: The rows are no arrays, or two labels would become one by accident.
    """
    return change_targets(
        arguments,
        change=lambda values: by_table(values, table=table),
        place=place,
        splits=splits,
    )


def blank_columns(
    arguments: Mapping[str, Any], *, columns: Sequence[tuple[int, int]]
) -> dict[str, Any]:
    """Return the arguments of `fit` with columns that tell nothing: their median in each row.

    The inputs keep their shape, so the model need not be built anew.

    Args:
        arguments: What `fit` would be given.
        columns: `(input, column of it when flattened)` of each.

    Raises:
        InputError: The rows are no arrays.
    """
    given = Given.of(arguments)
    for place in sorted({place for place, _ in columns}):
        chosen = [column for where, column in columns if where == place]
        mine = leaves(given.training.x)[place].reshape(len(given.training), -1)[:, chosen]
        usual = np.nanquantile(mine, 0.5, axis=0, method="lower")

        def blank(
            leaf: np.ndarray, chosen: list[int] = chosen, usual: np.ndarray = usual
        ) -> np.ndarray:
            flat = leaf.reshape(len(leaf), -1).copy()
            flat[:, chosen] = usual
            return flat.reshape(leaf.shape)

        given = Given.of(change_inputs(given.arguments, change=blank, place=place))
    return given.arguments


def _finite(structure: Any, rows: int) -> np.ndarray:
    """Return which rows hold no NaN and no infinity."""
    found = np.ones(rows, bool)
    for leaf in leaves(structure):
        if leaf.dtype.kind == "f":
            found &= np.isfinite(leaf).reshape(rows, -1).all(1)
    return found


def fill_gaps(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `fit` without NaN and infinity.

    An input's gap gets the median of its column in training (0 where a column has no number);
    rows with a gap in target or weight are left out.

    Args:
        arguments: What `fit` would be given.

    Raises:
        InputError: The rows are no arrays.
    """
    given = Given.of(arguments)
    for place, leaf in enumerate(leaves(given.training.x)):
        if leaf.dtype.kind == "f":
            change = _filling(leaf)
            given = Given.of(change_inputs(given.arguments, change=change, place=place))

    def kept(rows: Batch) -> Batch:
        good = _finite([rows.y, rows.sample_weight], len(rows))
        return rows.take(np.flatnonzero(good))

    return _in(given, BOTH, kept).arguments


def _filling(mine: np.ndarray) -> Change:
    """Return what fills gaps with the medians of `mine`."""

    def flat(leaf: np.ndarray) -> np.ndarray:
        values = leaf.reshape(len(leaf), -1)
        return np.where(np.isfinite(values), values, np.nan)

    filler = SimpleImputer(strategy="median", keep_empty_features=True).fit(flat(mine))
    return lambda leaf: filler.transform(flat(leaf)).reshape(leaf.shape).astype(leaf.dtype)
