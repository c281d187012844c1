"""Class numbers that were scaled along with the inputs, before a loss that takes any number."""

from __future__ import annotations

import numpy as np

from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.result import Fix, Result, warned

MOST = 20  # classes; more even steps are a rounded amount
EVEN = 1e-3  # rounding of the steps between codes, as a share of them


def _are_scaled(values: list[float]) -> bool:
    """Whether labels are evenly spaced, but no whole numbers; 0.1 and 0.9 are smoothed ones."""
    known = np.array(values)
    if not 2 <= len(known) <= MOST or not np.isfinite(known).all():
        return False
    steps = np.diff(known)
    even = np.ptp(steps) <= EVEN * steps.max()
    smoothed = len(known) == 2 and known[0] >= 0 and known[1] <= 1
    return bool(even and not smoothed and (known != np.rint(known)).any())


def scaled_codes(scored: ScoredHead) -> Result | None:
    """Labels that accuracy is asked about are classes, and classes are whole numbers.

    Standardised, two classes lie at -1.3 and 0.8, and divided by their largest number five lie
    at 0, 0.25, ..., 1. A squared loss and binary cross-entropy take both for amounts.
    """
    head = scored.head
    values = sorted((head.labels.values if head.labels else None) or {})
    asked = any("acc" in name for name in head.metrics)
    if not asked or head.units != 1 or head.structure != "sample" or not _are_scaled(values):
        return None
    classes = len(values)
    last = "Dense(1, activation='sigmoid')" if classes == 2 else f"Dense({classes})"
    return warned(
        f"The labels are {classes} evenly spaced numbers from {values[0]:.4g} to "
        f"{values[-1]:.4g}, no class numbers, and accuracy is asked for.",
        measured=float(values[1] - values[0]),
        expected=1.0,
        unit="step between labels",
        where=head.name,
        cause="The class numbers were scaled along with the inputs, or they are shares, of "
        "which accuracy says nothing.",
        fix=Fix(
            text="Scale the inputs only; number the classes from 0 and give each a unit.",
            code=f"y = np.searchsorted(np.unique(y), y)  # {last}",
        ),
    )
