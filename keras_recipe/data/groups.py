"""Groups that must not be torn apart: patients, speakers, sites, one label a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError

SPLITS = ("training", "validation", "test")


def _labels(value: Any, name: str) -> np.ndarray:
    array = np.asarray(value)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        msg = f"`groups` must hold one label a row. Received: shape {array.shape} for {name}"
        raise InputError(msg)
    return array.astype(str) if array.dtype == object else array


def split_groups(
    groups: Any, sizes: Mapping[str, int | None], cut: int | None
) -> dict[str, np.ndarray]:
    """Return the group of each row, by split.

    Args:
        groups: One label for each row of `x`, or a dict of them by split: `training`,
            `validation`, `test`.
        sizes: Rows of each split there is, None where only reading would tell.
        cut: Where `validation_split` cuts `x`; None without it.

    Raises:
        InputError: A split is unknown, or there is not one label for each row.
    """
    if groups is None:
        return {}
    given = dict(groups) if isinstance(groups, Mapping) else {"training": groups}
    unknown = [str(name) for name in given if name not in SPLITS]
    if unknown:
        msg = f"`groups` names {unknown[0]!r}; expected splits among {', '.join(SPLITS)}."
        raise InputError(msg)
    found = {name: _labels(value, name) for name, value in given.items()}
    whole = found.get("training")
    if cut is not None and whole is not None and "validation" not in found:
        found["training"], found["validation"] = whole[:cut], whole[cut:]
    for name, labels in found.items():
        rows = sizes.get(name)
        if rows is not None and rows != len(labels):
            msg = f"`groups` has {len(labels)} labels for {rows} rows of {name} data."
            raise InputError(msg)
    return found
