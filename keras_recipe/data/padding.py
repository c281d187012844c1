"""Steps at the end (or the beginning) of a sequence that only fill it up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COMMON = 0.3  # share of rows that must end (or begin) with the filling
INSIDE = 0.1  # share of the other steps that may hold the same value


@dataclass(frozen=True)
class Padding:
    """How rows are filled up to one length.

    Attributes:
        value: What fills them.
        side: `"right"` or `"left"`.
        filled: Number of such steps of each row, `(rows,)`.
        steps: Length of the rows.
    """

    value: float
    side: str
    filled: np.ndarray
    steps: int

    @property
    def share(self) -> float:
        """Share of all steps that are filling."""
        return float(self.filled.mean()) / self.steps

    @property
    def real(self) -> np.ndarray:
        """Whether each step holds data, `(rows, steps)`."""
        places = np.arange(self.steps)
        places = places if self.side == "right" else places[::-1]
        return places < (self.steps - self.filled)[:, None]


def _run(values: np.ndarray, value: float) -> np.ndarray:
    """Return how many steps at the end of each row hold nothing but `value`."""
    other = (values != value)[:, ::-1]
    return np.where(other.any(1), other.argmax(1), values.shape[1])


def padding(values: np.ndarray) -> Padding | None:
    """Return how sequences are filled up, or None if they are not.

    The filling is the value that most often ends (or begins) a row, if it does so in at least
    30 % of the rows, in runs of different lengths or as 0, and is rare (10 %) elsewhere.

    Args:
        values: Token numbers `(rows, steps)` or series `(rows, steps, channels)`, where a step
            is filling when all its channels hold the same value.
    """
    if values.ndim > 2:
        flat = values.reshape(*values.shape[:2], -1)
        even = (flat == flat[..., :1]).all(-1)
        values = np.where(even, flat[..., 0], np.nan)
    found = []
    for side, turned in (("right", values), ("left", values[:, ::-1])):
        ends = turned[:, -1]
        known, counts = np.unique(ends[np.isfinite(ends)], return_counts=True)
        if not len(known) or counts.max() < COMMON * len(values):
            continue
        value = float(known[counts.argmax()])
        filled = _run(turned, value)
        one = Padding(value, side, filled, values.shape[1])
        inside = values[one.real]
        rare = not inside.size or float((inside == value).mean()) <= INSIDE
        if filled.max() > 1 and rare and (value == 0 or len(np.unique(filled)) > 2):
            found.append(one)
    return max(found, key=lambda one: one.share, default=None)
