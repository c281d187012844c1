"""A net beside a simple model on the same rows: who is ahead, and by how much of the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EXACT = 1e-12


@dataclass(frozen=True)
class Standing:
    """Mean errors on the same rows.

    Attributes:
        net: Error of the net.
        rival: Error of the simple model.
        constant: Error of the best constant.
        lead: Standard errors that the simple model is ahead of the net, by paired rows.
        signal: Standard errors that the simple model is ahead of the constant, likewise.
    """

    net: float
    rival: float
    constant: float
    lead: float
    signal: float

    @property
    def closed(self) -> float:
        """How much of the way from the constant to the simple model the net has gone."""
        way = self.constant - self.rival
        return (self.constant - self.net) / way if way > 0 else float("inf")

    @property
    def explained(self) -> float:
        """Share of the constant's error that the simple model does without."""
        return 1 - self.rival / self.constant if self.constant > 0 else 0.0

    def is_lost(self, *, closes: float, errors: float, strength: float) -> bool:
        """Say whether the net clearly loses to a simple model that is worth something.

        Args:
            closes: Share of the way from the constant that the net must have gone.
            errors: Standard errors that are beyond noise.
            strength: Least share of the constant's error that the simple model does without.
        """
        worthy = self.signal > errors and self.explained >= strength
        return worthy and self.lead > errors and not self.closed >= closes


def _ahead(difference: np.ndarray, weights: np.ndarray) -> float:
    """Return a weighted mean in its standard errors."""
    if np.isnan(difference).any() or (difference == np.inf).any():
        return float("inf")  # a net that says NaN has lost
    share = weights / weights.sum()
    mean = float(share @ difference)
    error = float(np.sqrt(np.square(share) @ np.square(difference - mean)))
    return mean / max(error, EXACT) if abs(mean) > EXACT else 0.0


def standing(
    net: np.ndarray, rival: np.ndarray, constant: np.ndarray, weights: np.ndarray
) -> Standing:
    """Compare errors row by row.

    Args:
        net: Errors `(rows,)` of the net.
        rival: Of the simple model.
        constant: Of the best constant.
        weights: What each row counts.
    """
    means = (float(np.average(errors, weights=weights)) for errors in (net, rival, constant))
    leads = (_ahead(errors - rival, weights) for errors in (net, constant))
    return Standing(*means, *leads)
