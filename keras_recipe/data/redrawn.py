"""Labels that are drawn anew at every reading: noise that a training averages out."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.counted import LEAST_ROWS
from keras_recipe.data.crossfit import Question
from keras_recipe.data.features import encoded
from keras_recipe.data.sources import Source
from keras_recipe.data.unseen import Target, signal_of, targets

READINGS = 16  # what noise leaves of a variance after so many: a sixteenth
ROWS = 512
SURE = 5.0  # deviations above shuffled labels
HALF = 0.5  # share of the unexplained that must be gone on average


def averages_out(source: Source, asked: Question, seed: int) -> bool:
    """Whether labels change from reading to reading and are right on average.

    No net learns such noise by heart: it is another one in each epoch. Right means that a
    simple model explains their average far better than one reading of them. Labels that are
    shuffled anew each time average out to nothing, and inputs that change, too, prove nothing.

    Args:
        source: Training data; only a dataset with random access can be read so.
        asked: The target.
        seed: Seed of the simple model.
    """
    readings = _readings(source)
    if len(readings) < READINGS or len(readings[0]) < LEAST_ROWS:
        return False
    given = [leaves(rows.x) for rows in readings]
    same = all(
        np.array_equal(a, b)
        for other in given[1:]
        for a, b in zip(given[0], other, strict=True)
    )
    labels = [np.asarray(leaves(rows.y)[asked.place]) for rows in readings]
    if not same or all(np.array_equal(labels[0], other) for other in labels[1:]):
        return False
    made = targets(labels, classes=asked.classes)
    try:
        (x,) = encoded(readings[0].x, seed=seed)
    except NotApplicable:
        return False
    mean: Target = replace(made[0], values=np.mean([one.values for one in made], axis=0))
    if not (mean.varied and made[0].varied):
        return False
    one, average = signal_of(x, made[0], seed), signal_of(x, mean, seed)
    return average.z >= SURE and 1 - average.skill <= HALF * (1 - one.skill)


def _readings(source: Source) -> list[Batch]:
    """Return the first rows as they are at each of some readings."""
    if source.anew is None:
        return []
    batches = -(-ROWS // max(source.batch_size or 1, 1))
    found = [list(islice(epoch, batches)) for epoch in source.anew(READINGS)]
    if any(len(parts) != len(found[0]) or not parts for parts in found):
        return []
    joined = [Batch.joined(parts) for parts in found]
    return joined if len({len(rows) for rows in joined}) == 1 else []
