import keras
import pytest
import sick
from healthy import BUILDERS, functional, some_digits
from keras import layers as L
from specimens import compiled, examine

from keras_recipe.checks.baseline.kr222_missing_nonlinearity import missing_nonlinearity
from keras_recipe.core.errors import NotApplicable


def verdict(model, x=None, y=None, **settings):
    x, y = some_digits(64) if x is None else (x, y)
    settings.pop("epochs", None)
    return examine(missing_nonlinearity, model, x, y, **settings)


def test_a_wholly_linear_net_fails():
    assert verdict(*sick.all_linear()[:3]).status == "fail"


def test_one_linear_layer_among_others_warns():
    stack = L.Dense(64), L.Dense(64, activation="relu"), L.Dense(10, activation="softmax")
    assert verdict(compiled(*stack)).status == "warn"


def test_a_non_linearity_from_keras_ops_counts():
    inputs = keras.Input((64,))
    hidden = keras.ops.relu(L.Dense(64)(inputs))
    model = functional(inputs, L.Dense(10, activation="softmax")(hidden))
    assert verdict(model).status == "pass"


def test_a_linear_bottleneck_passes():
    assert verdict(compiled(L.Dense(4), L.Dense(10, activation="softmax"))).status == "pass"


@pytest.mark.parametrize(
    "name", ["linear_autoencoder", "parametric_relu", "softmax_regression"]
)
def test_healthy_programs_pass(name):
    model, x, y, settings = BUILDERS[name]()
    assert verdict(model, x, y, **settings).status == "pass"


def test_a_branching_model_is_skipped():
    model, x, y, settings = BUILDERS["zero_head_and_branches"]()
    with pytest.raises(NotApplicable, match="straight chain"):
        verdict(model, x, y, **settings)
