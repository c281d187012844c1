"""How far a unit has to see is told by data made for it."""

import numpy as np
import pytest
from keras import layers
from specimens import compiled, digits, examine

from keras_recipe.checks.data.kr115_locality import locality
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def checked(x, y):
    stack = layers.Flatten(), layers.Dense(int(y.max()) + 1, activation="softmax")
    return examine(locality, compiled(*stack, shape=x.shape[1:]), x, y)


def test_a_small_thing_anywhere_is_local():
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 400)
    x = 0.2 * random.normal(size=(400, 12, 12, 1)).astype("float32")
    for i, (row, column) in enumerate(random.integers(0, 10, (400, 2))):
        bar = np.ones((3, 1)) if y[i] else np.ones((1, 3))
        x[i, row : row + bar.shape[0], column : column + bar.shape[1], 0] += 2 * bar
    result = checked(x, y)
    assert result.status is Status.PASS
    assert "width 3 at any place tell as much" in result.message
    assert result.evidence["width 3"] > 0.9


def test_where_the_place_is_all_patches_fall_short():
    random = np.random.default_rng(0)
    y = random.integers(0, 4, 400)
    x = 0.2 * random.normal(size=(400, 16, 16, 1)).astype("float32")
    for i in range(400):  # far enough from the border, which would tell the place
        x[i, 6 + 3 * (y[i] // 2), 6 + 3 * (y[i] % 2)] += 3
    assert "fall short" in checked(x, y).message


def test_tables_are_not_judged():
    x, y = digits()
    with pytest.raises(NotApplicable, match="picture"):
        checked(x[:100], y[:100])
