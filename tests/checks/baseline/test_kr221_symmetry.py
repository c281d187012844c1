import numpy as np
import pytest
import sick
from healthy import BUILDERS
from keras import layers
from specimens import compiled, examine

from keras_recipe.checks.baseline.kr221_symmetry import symmetry
from keras_recipe.core.result import Status


def verdict(program, thresholds=None):
    model, x, y, settings = program
    return examine(symmetry, model, x, y, thresholds, **settings)


def test_units_that_stay_equal_fail():
    result = verdict(sick.equal_units())
    assert result.status == "fail"
    assert "equal" in result.where


def test_a_signal_that_explodes_fails_and_the_threshold_decides():
    result = verdict(sick.exploding_weights())
    assert result.status == "fail"
    above = {"growth": result.measured * 1.1}
    assert verdict(sick.exploding_weights(), above).status == "warn"


@pytest.mark.parametrize(
    "name",
    [
        "zero_head_and_branches",
        "regression_far_from_zero",
        "group_norm_and_noise",
        "half_precision",
    ],
)
def test_healthy_programs_pass(name):
    assert verdict(BUILDERS[name]()).status == "pass"


def test_kernels_that_only_cells_have_are_no_crash():
    text = layers.Embedding(20, 4), layers.Bidirectional(layers.LSTM(4))
    model = compiled(*text, layers.Dense(1, "sigmoid"), shape=(6,), loss="binary_crossentropy")
    tokens = np.random.default_rng(0).integers(0, 20, (64, 6))
    result = examine(symmetry, model, tokens, tokens[:, 0] % 2)
    assert result.status is Status.PASS
