import pytest
import sick
from healthy import BUILDERS
from specimens import examine

from keras_recipe.checks.baseline.kr221_symmetry import symmetry


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
