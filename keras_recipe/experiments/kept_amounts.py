"""Do amounts stay true when rows are augmented? A simple model of the plain rows tells."""

from __future__ import annotations

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.features import encoded
from keras_recipe.experiments.simple_models import answers


def explained(plain: np.ndarray, changed: np.ndarray, y: np.ndarray, seed: int) -> list[float]:
    """Return what a simple model explains of plain rows and of the same rows augmented.

    It is fitted on the plain rows of one half and asked about the other half, of which the
    augmented rows have the targets of the plain ones.

    Args:
        plain: Rows as they are, `(rows, ...)`.
        changed: The same rows augmented.
        y: Their targets, `(rows, ...)`, numbers or zeros and ones.
        seed: Decides halves and features.

    Returns:
        Two shares of the targets' variance; 0 is no better than the mean.

    Raises:
        NotApplicable: The targets do not vary, or cannot be fitted.
    """
    order = np.random.default_rng(seed).permutation(len(plain))
    known, asked = order[: len(order) // 2], order[len(order) // 2 :]
    numbers = np.asarray(y, "float64").reshape(len(y), -1)
    true = numbers[asked]
    spread = float(np.square(true - numbers[known].mean(0)).sum())
    if not spread:
        msg = "the targets do not vary"
        raise NotApplicable(msg)
    features = encoded(plain, changed, seed=seed)
    fitted = features[0][known], numbers[known], np.ones(len(known))
    said = [answers("linear", "numbers", *fitted, part[asked]) for part in features]
    return [1 - float(np.square(one - true).sum()) / spread for one in said]
