"""One array, or a structure of them, as NumPy; what `fit` would refuse late is refused here."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch, leaves, names

MOST_DENSE = 2**27  # elements a sparse matrix may have when made dense: 512 MiB as float32


def is_from(value: Any, package: str) -> bool:
    """Say whether the class of `value`, or a parent of it, comes from `package`."""
    return any(t.__module__.split(".")[0] == package for t in type(value).__mro__)


def to_array(value: Any, name: str) -> np.ndarray:
    """Return one leaf as a NumPy array.

    Args:
        value: NumPy array, backend tensor, pandas DataFrame or Series (which becomes one
            column, as in Keras), SciPy sparse matrix, or a list of numbers.
        name: How messages call it, e.g. `"x"`.

    Raises:
        InputError: It is ragged, holds Python objects or dates, or is no array at all.
    """
    if isinstance(value, np.ndarray):
        array = np.asarray(value)  # no subclass: a matrix or a mask has rules of its own
    elif hasattr(value, "to_numpy"):
        array = value.to_numpy()
        array = array[:, None] if is_from(value, "pandas") and array.ndim == 1 else array
    elif is_from(value, "scipy") and hasattr(value, "toarray"):
        array = _dense(value, name)
    elif isinstance(value, str | bytes | dict) or not hasattr(value, "__len__"):
        kind = type(value).__name__
        msg = f"`{name}` must be a dense array. Received: {kind}; pad it, or use np.asarray."
        raise InputError(msg)
    else:
        array = _converted(value, name)
    if array.dtype == object:
        array = _from_objects(array, name)
    if array.dtype.kind in "Mmc":
        msg = f"`{name}` holds {array.dtype}, which no layer takes. Expected real numbers."
        raise InputError(msg)
    if array.ndim == 0:
        msg = f"`{name}` must have one row per sample. Received: a single {array.dtype}."
        raise InputError(msg)
    return array


def _dense(value: Any, name: str) -> np.ndarray:
    if int(np.prod(value.shape)) > MOST_DENSE:
        msg = (
            f"`{name}` is a sparse matrix of shape {value.shape}, too large to be read as a "
            "dense one. Check a part of its rows: x[:10000].toarray()."
        )
        raise InputError(msg)
    return np.asarray(value.toarray())


def _converted(value: Any, name: str) -> np.ndarray:
    try:
        if keras.ops.is_tensor(value):
            return np.asarray(keras.ops.convert_to_numpy(value))
        value = value.detach().cpu() if is_from(value, "torch") else value
        return np.asarray(value)
    except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:
        msg = (
            f"`{name}` is ragged or not numeric: its rows have different lengths or types. "
            "Expected an array with one shape; pad the rows (keras.utils.pad_sequences)."
        )
        raise InputError(msg) from error


def _from_objects(array: np.ndarray, name: str) -> np.ndarray:
    """Return an object array as numbers or strings where every element is one, else explain."""
    kinds = {type(element) for element in array.ravel()}
    if kinds and all(issubclass(kind, str | bytes) for kind in kinds):
        return array.astype(str)
    if not any(issubclass(kind, str | bytes) for kind in kinds):
        try:
            return array.astype("float64")
        except (ValueError, TypeError):
            pass  # explained below
    said = ", ".join(sorted(kind.__name__ for kind in kinds)[:4])
    msg = (
        f"`{name}` is an array of Python objects ({said}). Expected numbers of one dtype: "
        "encode text columns, fill gaps, pad ragged rows, then .astype('float32')."
    )
    raise InputError(msg)


def structure(value: Any, name: str) -> Any:
    """Return `value` with every leaf as an array; dicts, lists and tuples keep their form.

    Raises:
        InputError: A leaf is no array (see `to_array`).
    """
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: structure(leaf, f"{name}[{key!r}]") for key, leaf in value.items()}
    if isinstance(value, list | tuple) and any(
        isinstance(v, dict | tuple) or hasattr(v, "shape") for v in value
    ):
        made = [structure(leaf, f"{name}[{i}]") for i, leaf in enumerate(value)]
        return made if isinstance(value, list) else tuple(made)
    return to_array(value, name)


def rows_of(batch: Batch, where: str = "") -> int:
    """Return the number of rows.

    Args:
        batch: Arrays.
        where: What they are, e.g. `"the DataLoader"`; `""` for arrays given by the user.

    Raises:
        InputError: Arrays differ in length, there are no rows, or the labels are strings.
    """
    parts = zip(("x", "y", "sample_weight"), batch.parts(), strict=True)
    sizes = {
        name: len(leaf)
        for root, part in parts
        for name, leaf in zip(names(part, root), leaves(part), strict=True)
    }
    given = f" of {where}" if where else ""
    if not sizes or 0 in sizes.values():
        empty = ", ".join(name for name, size in sizes.items() if not size) or "x"
        msg = f"There is no data: {empty}{given} has 0 rows. Expected at least 1."
        raise InputError(msg)
    if len(set(sizes.values())) > 1:
        said = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        hint = (
            " A list of arrays is a list of inputs, not of samples: np.stack makes rows."
            if isinstance(batch.x, list)
            else ""
        )
        msg = f"All arrays{given} need the same number of rows, but {said}.{hint}"
        raise InputError(msg)
    _refuse_words(batch.y)
    return next(iter(sizes.values()))


def _refuse_words(y: Any) -> None:
    for leaf in leaves(y):
        if leaf.dtype.kind in "US":
            msg = (
                f"The labels are strings (such as {str(leaf.ravel()[0])!r}). Expected numbers; "
                "map them with keras.layers.StringLookup or sklearn's LabelEncoder."
            )
            raise InputError(msg)
