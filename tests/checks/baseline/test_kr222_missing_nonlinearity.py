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


class Own(keras.Model):
    """Two hidden layers in code of the user's own, with this behind them."""

    def __init__(self, between, width=32):
        super().__init__()
        self.first, self.second = L.Dense(width), L.Dense(width)
        self.last = L.Dense(10, activation="softmax")
        self.between = between

    def call(self, x):
        return self.last(self.between(self.second(self.between(self.first(x)))))


def own(between, **settings):
    model = Own(between, **settings)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def test_a_linear_model_of_the_users_own_class_is_asked():
    result = verdict(own(lambda h: h))
    assert result.status == "fail"
    assert result.measured == 2
    assert result.where.count("dense") == 2


@pytest.mark.parametrize("between", [keras.ops.relu, keras.ops.tanh, keras.ops.silu])
def test_non_linearities_in_its_call_are_heard(between):
    with pytest.raises(NotApplicable, match="straight chain"):
        verdict(own(between))


def test_a_narrow_one_may_be_a_sum_of_linear_parts():
    with pytest.raises(NotApplicable, match="straight chain"):
        verdict(own(lambda h: h, width=10))


def deep_beside_wide(activation):
    inputs = keras.Input((64,))
    hidden = L.Dense(48, activation=activation)(inputs)
    hidden = L.BatchNormalization()(L.Dense(24, activation=activation)(hidden))
    scores = L.Add()([L.Dense(10)(L.Dropout(0.2)(hidden)), L.Dense(10)(inputs)])
    return functional(inputs, L.Activation("softmax")(scores))


def test_branches_are_asked():
    assert verdict(deep_beside_wide(None)).status == "fail"
    with pytest.raises(NotApplicable, match="straight chain"):
        verdict(deep_beside_wide("relu"))


def test_a_branching_model_is_skipped():
    model, x, y, settings = BUILDERS["zero_head_and_branches"]()
    with pytest.raises(NotApplicable, match="straight chain"):
        verdict(model, x, y, **settings)
