"""Near copies inside training."""

import numpy as np
import pytest
from keras import layers
from specimens import compiled, digits, examine

from keras_recipe.checks.data.kr104_leakage import leakage
from keras_recipe.checks.data.kr105_near_duplicates import near_duplicates
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def pictures(copied, rows=800):
    """Digits of which so many occur again with a little noise, and a model for them."""
    x, y = digits(flat=False)
    x, y = x[:rows], y[:rows]
    noise = 0.01 * np.random.default_rng(0).standard_normal((copied, 8, 8, 1))
    x = np.concatenate([x, x[:copied] + noise.astype("float32")])
    stack = layers.Flatten(), layers.Dense(10, activation="softmax")
    return compiled(*stack, shape=(8, 8, 1)), x, np.concatenate([y, y[:copied]])


@pytest.mark.parametrize(("copied", "status"), [(0, Status.PASS), (100, Status.WARN)])
def test_near_copies(copied, status):
    result = examine(near_duplicates, *pictures(copied))
    assert result.status is status
    assert result.measured == pytest.approx(2 * copied / (800 + copied), abs=0.02)


def test_the_threshold_decides():
    assert examine(near_duplicates, *pictures(100), {"share": 0.5}).status is Status.PASS


def test_augmenting_before_splitting_leaks():
    model, x, y = pictures(400)
    places = np.random.default_rng(0).permutation(len(x))
    x, y = x[places], y[places]
    result = examine(leakage, model, x, y, validation_split=0.2)
    assert result.status is Status.FAIL
    assert "almost copies" in result.message


def test_tokens_are_compared_as_the_model_sees_them():
    random = np.random.default_rng(0)
    x = random.integers(1, 300, (400, 20))
    x[395:] = x[:5]
    x[395:, 3] = 1 + x[395:, 3] % 299  # one token in twenty is another
    model = compiled(
        layers.Embedding(300, 16),
        layers.GlobalAveragePooling1D(),
        layers.Dense(12, activation="tanh"),
        layers.Dense(2, activation="softmax"),
        shape=(20,),
    )
    result = examine(near_duplicates, model, x, x[:, 0] % 2)
    assert result.status is Status.PASS
    assert "to the last layer" in result.message
    pairs = {tuple(sorted(pair)) for pair in result.evidence["pairs"]}
    assert pairs <= {(row, 395 + row) for row in range(5)}


def test_not_applicable_says_why():
    x = np.random.default_rng(0).integers(0, 2, (100, 64))
    with pytest.raises(NotApplicable, match="mean nothing"):
        examine(near_duplicates, compiled(layers.Dense(2, activation="softmax")), x, x[:, 0])


def test_windows_over_a_series_that_repeats_itself_pass():
    sine = np.sin(np.arange(1500) * 60 / 1499).astype("float32")
    x = np.stack([sine[i : i + 10] for i in range(1490)])
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    result = examine(near_duplicates, model, x, sine[10:])
    assert result.status is Status.PASS
    assert "one series" in result.message
