"""Learning curves made by hand: losses of a known law with a little noise."""

import dataclasses
import functools

import numpy as np

from keras_recipe.experiments.learning_curve import LearningCurve, fitted
from keras_recipe.experiments.trial_record import TrialRecord

SIZES = (50, 100, 200, 400)


@functools.cache
def curve(exponent=0.5, floor=0.1, noise=0.02, sizes=SIZES, seeds=3):
    """A curve with `0.2 * (n / 400) ** -exponent + floor`, and the law fitted to it."""
    random = np.random.default_rng(0)
    records = tuple(
        tuple(
            TrialRecord(
                key=f"{size} rows, seed {seed}",
                moves=(f"{size} rows",),
                seed=seed,
                score=float(loss * np.exp(noise * random.normal())),
                train_score=0.05,
            )
            for seed in range(seeds)
        )
        for size in sizes
        for loss in (0.2 * (size / 400) ** -exponent + floor,)
    )
    made = LearningCurve(sizes=tuple(sizes), records=records, law=None, reason="")
    law, reason = fitted(made)
    return dataclasses.replace(made, law=law, reason=reason)
