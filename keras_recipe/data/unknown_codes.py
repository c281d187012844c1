"""Numbers that mean "unknown": all nines, or a fill value, far from everything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keras_recipe.data.leaf import Leaf
from keras_recipe.data.tokens import is_tokens

#: 999 to 99999999 as registers and weather services write them, -32768 as rasters do, and the
#: fill values of CF and NetCDF.
CODES = (*(10.0**n - 1 for n in range(3, 9)), 32768.0, 1e20, 9.969209968386869e36)


@dataclass(frozen=True)
class Unknown:
    """A code that is the least or the greatest number of some columns.

    Attributes:
        value: The code.
        places: The columns, as messages call them.
        gap: Least distance to the next number over the range of all others, of the sample.
    """

    value: float
    places: list[str]
    gap: float


def _is_code(value: float) -> bool:
    return any(np.isclose(abs(value), code, rtol=1e-6, atol=0) for code in CODES)


def _gap(column: np.ndarray, value: float) -> float:
    """Return how far a number is from all others, over their range."""
    others = column[np.isfinite(column) & ~np.isclose(column, value, rtol=1e-6, atol=0)]
    wide = float(np.ptp(others)) if len(others) else 0.0
    return float(np.abs(others - value).min()) / wide if wide > 0 else 0.0


def unknown_codes(
    known: Sequence[Leaf], sample: Sequence[np.ndarray], gap: float
) -> Unknown | None:
    """Return the code that the most columns of tables or series hold, looking at all rows.

    Args:
        known: Statistics of all rows of each input.
        sample: Some rows of each.
        gap: Least distance of a code to the next number, over the range of all others.
    """
    found: dict[float, list[tuple[str, float]]] = {}
    for leaf, rows in zip(known, sample, strict=True):
        if leaf.folded or leaf.rank not in (1, 2) or not leaf.numeric or is_tokens(rows):
            continue
        last = leaf.shape[-1]
        lows, highs = (
            edge(np.asarray(ends).reshape(-1, last), 0)
            for edge, ends in ((np.min, leaf.low), (np.max, leaf.high))
        )
        between = ":, " * leaf.rank
        for column, ends in enumerate(zip(lows, highs, strict=True)):
            for value in filter(_is_code, map(float, ends)):
                away = _gap(rows[..., column].astype("float64").ravel(), value)
                if away > gap:
                    place = f"{leaf.name}[{between}{column}]"
                    found.setdefault(value, []).append((place, away))
    if not found:
        return None
    value = max(found, key=lambda one: len(found[one]))
    places, gaps = zip(*found[value], strict=True)
    return Unknown(value, list(places), min(gaps))
