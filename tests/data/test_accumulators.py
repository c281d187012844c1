"""What takes rows in can be pickled and merged in any grouping; the rows stay as they are."""

import pickle
from functools import reduce

import numpy as np
import pytest

from keras_recipe.data.batch import Batch
from keras_recipe.data.contents import Contents
from keras_recipe.data.quantiles import Quantiles
from keras_recipe.data.reservoir import Reservoir
from keras_recipe.data.statistics import Statistics

RANDOM = np.random.default_rng(0)
PARTS = [
    Batch(RANDOM.standard_normal((40, 3)), RANDOM.integers(0, 4, 40), np.ones(40))
    for _ in range(4)
]
KINDS = {
    "statistics": lambda part: Statistics(0, part),
    "contents": lambda _: Contents(),
    "reservoir": lambda part: Reservoir(10, 0, part),
    "quantiles": lambda _: Quantiles(),
}
TOLD = {
    "statistics": lambda made: [made.rows, *(leaf.mean for leaf in made.all)],
    "contents": lambda made: list(made.columns),
    "reservoir": lambda made: [made.sample.x, made.sample.y],
    "quantiles": lambda made: [list(made.of(0, 1).values())],
}


def read(kind, number):
    made = KINDS[kind](number)
    made.add(PARTS[number])
    return made


def merged(one, other):
    one.merge(pickle.loads(pickle.dumps(other)))
    return one


@pytest.mark.parametrize("kind", KINDS)
def test_parts_may_be_grouped_in_any_way(kind):
    before = [part.x.copy() for part in PARTS]
    left = reduce(merged, (read(kind, number) for number in range(4)), KINDS[kind](0))
    pairs = [merged(read(kind, a), read(kind, b)) for a, b in ((0, 1), (2, 3))]
    for one, other in zip(TOLD[kind](left), TOLD[kind](merged(*pairs)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    for part, old in zip(PARTS, before, strict=True):
        np.testing.assert_array_equal(part.x, old)
