"""A feature that is the target in one split only."""

import numpy as np
import pytest

from keras_recipe.data.unseen import targets
from keras_recipe.experiments.leaking import leak

RANDOM = np.random.default_rng(0)


def found(classes, held_feature, noise=0.05, size=400):
    y, held = (RANDOM.integers(0, classes, size) for _ in range(2))
    if classes == 1:
        y, held = (RANDOM.standard_normal(size) for _ in range(2))
    x, other = (RANDOM.standard_normal((size, 5)) for _ in range(2))
    x[:, 3] = y + noise * RANDOM.standard_normal(size)
    other[:, 3] = held_feature(held)
    mine, theirs = targets([y, held], classes=classes > 1)
    return leak([x], [other], mine, theirs, sure=0.9, gone=0.3)


@pytest.mark.parametrize("classes", [1, 2, 3, 10])
def test_found_where_it_is_gone_elsewhere(classes):
    made = found(classes, lambda y: 0 * y)
    assert (made.place, made.held) == (3, 0)
    assert made.training > 0.95
    assert found(classes, RANDOM.permutation).place == 3
    assert found(classes, lambda y: y) is None  # no telling: it is there in both


def test_a_good_feature_is_no_leak():
    assert found(3, lambda y: 0 * y, noise=1.0) is None
