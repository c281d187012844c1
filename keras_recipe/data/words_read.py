"""Words of a table as numbers and dates; and what is no word, as pandas has it."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError

#: What stands for a missing value: pandas's own list (`read_csv`, `na_values`) and UCI's `?`.
MISSING = frozenset(
    {"", "?", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND"}
    | {"1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"}
)
MOST_SHOWN = 60  # characters of a word in a sentence
_DAYS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y")
_TIMES = ("", " %H:%M", " %H:%M:%S")
FORMATS = ("ISO8601", *(day + time for time in _TIMES for day in _DAYS))
_PLAIN = str | bool | int | float | Decimal


@functools.cache
def pandas() -> Any:
    """Return pandas, or say how to get it."""
    try:
        return importlib.import_module("pandas")
    except ModuleNotFoundError as error:
        msg = 'Tables are read by pandas (not installed): pip install "keras-recipe[data]"'
        raise InputError(msg) from error


def as_seconds(values: Any, form: str) -> np.ndarray:
    """Return dates as seconds since 1970 in UTC, NaN where one is none of this format."""
    pd = pandas()
    moments = pd.DatetimeIndex(pd.to_datetime(values, errors="coerce", utc=True, format=form))
    began = pd.Timestamp("1970-01-01", tz="UTC").as_unit("us")  # years of four digits fit
    return np.asarray((moments.as_unit("us") - began) / pd.Timedelta(seconds=1), "float64")


def as_numbers(words: Sequence[str], decimal: str = "") -> np.ndarray:
    """Return words as float64, NaN where one is no number."""
    if decimal == ",":
        words = [word.replace(".", "").replace(",", ".") for word in words]
    made = pandas().to_numeric(np.array(words, dtype=object), errors="coerce")
    return np.asarray(made, "float64")


def no_numbers(words: Sequence[str]) -> list[str]:
    """Return the words that are no numbers, with a decimal point or a decimal comma."""
    bad = np.isnan(as_numbers(words)) & np.isnan(as_numbers(words, ","))
    return [word for word, is_bad in zip(words, bad.tolist(), strict=True) if is_bad]


def shown(word: str) -> str:
    """Return a word in quotes, a long one cut."""
    return repr(word if len(word) <= MOST_SHOWN else f"{word[:MOST_SHOWN]}…")


def is_typed(values: Any) -> bool:
    """Whether a column of a Parquet file holds numbers or dates, not words."""
    return hasattr(values, "dtype") and values.dtype.kind in "biufM"


def typed(values: Any) -> np.ndarray:
    """Return such a column as float64: dates as seconds, NaN where nothing is."""
    if values.dtype.kind == "M":
        return as_seconds(values, "ISO8601")
    return np.asarray(values.to_numpy(dtype="float64", na_value=np.nan))


def as_words(values: Any) -> tuple[list[str], str]:
    """Return the words of a column without blanks around them, and the type that is none."""
    if isinstance(values, list):
        return values, ""
    given = values.astype(object).where(values.notna(), "").tolist()
    odd = [v for v in given if not isinstance(v, _PLAIN) and not hasattr(v, "isoformat")]
    return [str(value).strip() for value in given], type(odd[0]).__name__ if odd else ""
