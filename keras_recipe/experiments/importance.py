"""Which hyperparameters the score depends on, as far as the trials can tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_recipe.experiments.search_axes import Axis

#: Fewer finished trials than this say nothing: a forest would learn them by heart.
LEAST_TRIALS = 8
TREES, REPEATS = 128, 16


def importance(
    axes: Sequence[Axis], points: np.ndarray, scores: np.ndarray, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """Return how much worse a forest predicts the rank of a score without each axis.

    A random forest learns the ranks (scores of diverged trainings would drown all others) from
    the places on the axes; each axis is then shuffled, and what the predictions lose is its
    importance: 0 where it plays no part, 1 where it explains all. A forest as the model of a
    search is Hutter et al. 2014; shuffling is Breiman 2001, section 10.

    Args:
        axes: Of the space.
        points: Places of the trials, `(trials, axes)`, NaN where one does not apply.
        scores: One a trial.
        seed: Of forest and shuffles.

    Returns:
        Importance and its standard deviation over shuffles by name, the greatest first; empty
        where there are fewer than `LEAST_TRIALS` trials or all scores are equal.
    """
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance

    if len(scores) < LEAST_TRIALS or np.ptp(scores) == 0 or not len(axes):
        return {}
    ranks = np.argsort(np.argsort(scores)) / (len(scores) - 1)
    rows = np.where(np.isnan(points), -1.0, points)  # beyond the end: does not apply
    forest = RandomForestRegressor(TREES, min_samples_leaf=2, random_state=seed)
    forest.fit(rows, ranks)
    found = permutation_importance(
        forest, rows, ranks, n_repeats=REPEATS, random_state=seed, scoring="r2"
    )
    whole = max(float(found.importances_mean.sum()), 1e-12)
    named = {
        axis.name: (max(float(mean), 0.0) / whole, float(spread) / whole)
        for axis, mean, spread in zip(
            axes, found.importances_mean, found.importances_std, strict=True
        )
    }
    return dict(sorted(named.items(), key=lambda item: -item[1][0]))
