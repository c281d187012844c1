"""How far the weights went in a training, from a sample of each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

#: Elements kept of each weight, evenly spaced: norms of so many are right to about 1 %.
ELEMENTS = 4096


def sampled(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return a copy of up to 4,096 elements of each weight, by path."""
    return {path: _some(value) for path, value in weights.items()}


def travel(
    before: Mapping[str, np.ndarray], weights: Mapping[str, np.ndarray]
) -> dict[str, dict[str, float]]:
    """Return how far each weight went, relative to its norm at the beginning.

    Args:
        before: What `sampled` returned at the beginning.
        weights: Values by path at the end.

    Returns:
        By path `moved`, the norm of the whole change, and `grew`, the norm at the end. Weights
        that began at zero, or that were not there, are left out.
    """
    found = {}
    for path, start in before.items():
        norm = float(np.linalg.norm(start))
        if path not in weights or not norm:
            continue
        end = _some(weights[path])
        if end.shape == start.shape:
            change = float(np.linalg.norm(end - start))
            found[path] = {"moved": change / norm, "grew": float(np.linalg.norm(end)) / norm}
    return found


def _some(value: np.ndarray) -> np.ndarray:
    flat = value.reshape(-1)
    return np.array(flat[:: max(1, -(-flat.size // ELEMENTS))], "float64")
