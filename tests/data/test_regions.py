"""Skill that reaches regions of the inputs nobody learned from, and skill that does not."""

import numpy as np
from specimens import digits

from keras_recipe.data.regions import skill_in_unseen_regions
from keras_recipe.data.unseen import signal_of, targets


def test_what_is_learned_of_digits_holds_in_other_regions():
    x, y = digits()
    (target,) = targets([y[:600]], classes=True)
    assert skill_in_unseen_regions(x[:600], target) > 0.5


def test_what_is_known_of_patients_by_heart_does_not():
    random = np.random.default_rng(0)
    person = np.repeat(np.arange(60), 10)
    x = random.normal(size=(60, 8))[person] + 0.05 * random.normal(size=(600, 8))
    (target,) = targets([random.integers(0, 2, 60)[person]], classes=True)
    assert signal_of(x.astype("float32"), target).skill > 0.9
    assert skill_in_unseen_regions(x.astype("float32"), target) < 0.3


def test_columns_that_hardly_vary_and_rows_that_are_alike():
    x, y = digits()
    (target,) = targets([y[:600]], classes=True)
    still = np.full((600, 1), 3.0, "float32")
    still[0] += 1e-6
    assert skill_in_unseen_regions(np.concatenate([x[:600], still], 1), target) > 0.5
    assert skill_in_unseen_regions(np.repeat(still, 4, axis=1), target) == 0
