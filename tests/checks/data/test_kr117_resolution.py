"""How far inputs can be made smaller is told by data made for it."""

import numpy as np
import pytest
from keras import layers
from specimens import compiled, digits, examine

from keras_recipe.checks.data.kr117_resolution import resolution
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def checked(x, y):
    stack = layers.Flatten(), layers.Dense(int(y.max()) + 1, activation="softmax")
    return examine(resolution, compiled(*stack, shape=x.shape[1:]), x, y)


def pictures(period):
    """Stripes or none; they vanish when averaged over their period."""
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 300)
    stripes = np.where(np.arange(16) % period < period // 2, 1.0, -1.0)
    x = 0.5 * random.normal(size=(300, 16, 16, 1)) + y[:, None, None, None] * stripes[:, None]
    return x.astype("float32"), y


def test_fine_detail_is_lost_at_half_the_size():
    result = checked(*pictures(2))
    assert result.status is Status.PASS
    assert "do not downsample" in result.message


def test_coarse_things_are_not():
    assert "1/4 of the size tells as much" in checked(*pictures(8)).message


def test_tables_and_tiny_pictures_are_not_judged():
    x, y = digits()
    with pytest.raises(NotApplicable, match="picture"):
        checked(x[:100], y[:100])
    y = np.arange(100) % 2
    tiny = (np.random.default_rng(0).normal(size=(100, 3, 3, 1)) + y[:, None, None, None]) * 1.0
    with pytest.raises(NotApplicable, match="too small"):
        checked(tiny.astype("float32"), y)
