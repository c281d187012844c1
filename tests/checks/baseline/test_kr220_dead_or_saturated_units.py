import pytest
import sick
from healthy import BUILDERS
from specimens import examine

from keras_recipe.checks.baseline.kr220_dead_or_saturated_units import dead_or_saturated_units
from keras_recipe.core.errors import NotApplicable


def verdict(program, thresholds=None):
    model, x, y, settings = program
    return examine(dead_or_saturated_units, model, x, y, thresholds, **settings)


def test_dead_units_fail():
    result = verdict(sick.dead_relus())
    assert (result.status, result.measured) == ("fail", 1.0)


def test_saturated_units_fail_and_just_outside_the_limit_they_warn():
    result = verdict(sick.huge_inputs_into_tanh())
    assert result.status == "fail"
    higher = {"pinned_share": result.measured + 0.01}
    assert verdict(sick.huge_inputs_into_tanh(), higher).status == "warn"


@pytest.mark.parametrize(
    "name", ["tiny_net", "batch_norm_images", "converged", "class_weights"]
)
def test_healthy_programs_pass(name):
    assert verdict(BUILDERS[name]()).status == "pass"


def test_units_that_saturate_where_the_model_does_well_are_let_be():
    model, x, y, settings = sick.huge_inputs_into_tanh()
    model.fit(x, y, epochs=40, verbose=0)
    assert verdict((model, x, y, settings)).status == "pass"


def test_a_model_without_such_layers_is_skipped():
    with pytest.raises(NotApplicable, match="no hidden layer"):
        verdict(BUILDERS["softmax_regression"]())
