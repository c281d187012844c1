"""Token numbers as words, by the user's decoder or vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said

Decoder = Callable[[np.ndarray], str]


def decoder_of(given: Any) -> Decoder | None:
    """Return a function from one row of tokens to its text; None if nothing was given.

    Args:
        given: A function from one row, `(steps,)`, to text; or a vocabulary: a list of words by
            token number, or a dict from number to word. Zeros at the end, which pad, are left
            out then, and a number without a word is shown as `<17>`.

    Raises:
        InputError: It is none of these.
    """
    if given is None:
        return None
    if isinstance(given, str | bytes) or not (
        callable(given) or isinstance(given, Mapping | list | tuple | np.ndarray)
    ):
        msg = (
            "`decoder` must be a function from a row of tokens to text, a list of words or a "
            f"dict from number to word. Received: {type(given).__name__}"
        )
        raise InputError(msg)
    if callable(given):
        return _checked(given)
    words = dict(given) if isinstance(given, Mapping) else dict(enumerate(given))
    return lambda row: " ".join(str(words.get(t, f"<{t}>")) for t in _unpadded(row))


def _unpadded(row: np.ndarray) -> list[int]:
    tokens = np.rint(np.nan_to_num(np.ravel(row))).astype("int64")
    known = np.flatnonzero(tokens)
    return [int(token) for token in tokens[: known[-1] + 1 if len(known) else 0]]


def _checked(decode: Any) -> Decoder:
    def text(row: np.ndarray) -> str:
        try:
            made = decode(row.copy())  # the user's function may write to it
        except Exception as error:  # the user's code, with errors of its own
            kind = f"{type(error).__name__}: {said(error)}".rstrip(": ")
            msg = f"The decoder raised {kind} on the tokens {_few(row)}; mend it first."
            raise InputError(msg) from error
        if isinstance(made, bytes):
            return made.decode("utf-8", "replace")
        if not isinstance(made, str):
            kind = type(made).__name__
            msg = f"The decoder must return text. Received: {kind} for the tokens {_few(row)}"
            raise InputError(msg)
        return made

    return text


def _few(row: np.ndarray) -> str:
    return str([float(v) if row.dtype.kind == "f" else int(v) for v in row[:8]])


def plain(row: np.ndarray) -> str:
    """Return a row of text or of token numbers as it is."""
    if row.dtype.kind in "US":
        words = np.ravel(row)
        return " ".join(
            w.decode("utf-8", "replace") if isinstance(w, bytes) else w for w in words.tolist()
        )
    return " ".join(map(str, _unpadded(row)))
