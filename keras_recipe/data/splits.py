"""The held-out rows as `fit` is given them: apart, or cut off the end of the training rows."""

from __future__ import annotations

import math
from typing import Any

from keras_recipe.core.errors import InputError
from keras_recipe.data.sources import Source, open_source


def cut_off(source: Source, share: Any) -> tuple[Source, Source | None]:
    """Return training rows and the held-out rows cut off their end, as Keras does.

    Args:
        source: All rows.
        share: `validation_split`: 0 for none, else between 0 and 1.

    Raises:
        InputError: The share is no such number, the data is no arrays, or a split is empty.
    """
    if isinstance(share, int | float) and not share:
        return source, None
    number = isinstance(share, int | float) and not isinstance(share, bool)
    if not number or not 0 < share < 1 or source.whole is None or source.size is None:
        msg = (
            "`validation_split` must be between 0 and 1 and needs arrays. "
            f"Received: {share!r} with {source.kind}"
        )
        raise InputError(msg)
    cut = math.floor(source.size * (1 - share))
    if cut in (0, source.size):
        msg = f"`validation_split`={share} leaves an empty split of {source.size} rows."
        raise InputError(msg)
    parts = (slice(0, cut), slice(cut, None))
    made = [open_source(*source.whole.take(p).parts()) for p in parts]
    return made[0], made[1]


def held_out(data: Any, name: str) -> Source | None:
    """Return the rows of `validation_data` or `test_data`; None where there are none.

    Args:
        data: `(x, y)`, `(x, y, sample_weight)`, a dataset or None.
        name: How messages call it.

    Raises:
        InputError: A tuple of another length, or data that cannot be read.
    """
    if data is None:
        return None
    if isinstance(data, tuple | list):
        if len(data) not in (2, 3):
            msg = f"`{name}` must be (x, y) or (x, y, weights); got {len(data)} parts."
            raise InputError(msg)
        return open_source(*data)
    return open_source(data)
