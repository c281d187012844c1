"""What simple models know of regions of the inputs from which they saw no row."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans
from sklearn.model_selection import GroupKFold

from keras_recipe.data.unseen import Target, learn, signal

FOLDS = 5
ROWS = 20  # rows a region: visits of one patient, frames of one scene
MOST = 50  # regions
STILL = 1e-6  # deviation beside the size of a column that is rounding


def skill_in_unseen_regions(x: np.ndarray, target: Target, seed: int = 0) -> float:
    """Return the skill with which labels are predicted in regions that were left out.

    Where rows come in close groups (visits of a patient, frames of a scene) a model is right on
    rows whose neighbours it saw, and knows nothing of another group: so it is on any split that
    keeps groups whole, as it should.

    Args:
        x: Features `(rows, features)`.
        target: Labels of these rows.
        seed: Seed of the regions and models.
    """
    wide = x.std(0, dtype="float64")
    spread = np.where(wide > STILL * np.abs(x).max(0), wide, np.inf)
    scaled = (x / spread).astype("float32")
    regions = min(max(len(x) // ROWS, FOLDS), MOST, len(np.unique(scaled, axis=0)))
    if regions < 2:  # rows that are all alike
        return 0.0
    groups = KMeans(regions, n_init=1, random_state=seed).fit_predict(scaled)
    told = np.zeros_like(target.tame)
    for own, held in GroupKFold(min(FOLDS, len(np.unique(groups)))).split(x, groups=groups):
        told[held] = learn(x[own], target.take(own), x[held], seed).held
    return signal(told, target, target.values.mean(0), seed).skill
