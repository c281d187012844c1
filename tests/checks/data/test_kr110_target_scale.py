"""A suspicious scale of targets is held against a program only where it is seen to hurt."""

import keras
import numpy as np
import pytest
from keras import layers
from specimens import classifier, compiled, diabetes, digits, examine

from keras_recipe.checks.data.kr110_target_scale import target_scale
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

ADAM = keras.optimizers.Adam


def net(activation=None, loss="mse", rate=0.01, units=1, optimizer=ADAM):
    return compiled(
        layers.Dense(32, activation="relu"),
        layers.Dense(units, activation=activation),
        shape=(10,),
        loss=loss,
        optimizer=optimizer(rate),
    )


def standard(y):
    return (y - y.mean()) / y.std()


def test_targets_too_far_for_the_plan_fail():
    x, y = diabetes()
    result = examine(target_scale, net(rate=0.001), x, y, epochs=15)
    assert result.status is Status.FAIL
    assert result.measured == pytest.approx(y.mean(), rel=1e-4)
    assert result.fix.tried["after"] > 0.3 > 0.1 > result.fix.tried["before"]


def test_exploding_targets_fail():
    x, y = diabetes()
    made = net(optimizer=keras.optimizers.SGD)
    assert examine(target_scale, made, x, 1e4 * y, epochs=15).status is Status.FAIL


def test_the_fix_makes_it_train():
    x, y = diabetes()
    made = net(rate=0.003)
    result = examine(target_scale, made, x, 1e4 * y, epochs=15)
    fixed = result.fix.apply(made)
    fixed.fit(x, 1e4 * y, epochs=15, verbose=0)
    error = np.square(fixed.predict(x, verbose=0)[:, 0] - 1e4 * y).mean()
    assert 1 - error / np.var(1e4 * y) > 0.3


def test_without_an_adaptive_optimizer_the_fix_is_advice():
    x, y = diabetes()
    made = net(optimizer=keras.optimizers.SGD)
    assert examine(target_scale, made, x, 1e4 * y, epochs=15).fix.action is None


def two_columns(large):
    random = np.random.default_rng(0)
    x = random.standard_normal((600, 10)).astype("float32")
    y = np.stack([np.tanh(x[:, 0] + x[:, 1]), x[:, 2] - x[:, 3]], 1) * [1, large]
    return x, y.astype("float32")


def test_a_column_beside_a_much_larger_one_fails():
    result = examine(target_scale, net(units=2), *two_columns(1e4), epochs=15, batch_size=16)
    assert result.status is Status.FAIL
    assert "columns" in result.message
    assert result.fix.action is None
    x, y = two_columns(1e4)
    fixed = result.fix.data({"x": x, "y": y})
    np.testing.assert_allclose(fixed["y"].std(0), 1, rtol=0.1)


@pytest.mark.parametrize("large", [1, 12])
def test_columns_that_are_learned_beside_each_other_are_no_fault(large):
    result = examine(target_scale, net(units=2), *two_columns(large), epochs=15, batch_size=16)
    assert result.status is not Status.FAIL


HEALTHY = {
    "standardised": lambda x, y: (net(), x, standard(y), 10),
    "enough epochs": lambda x, y: (net(rate=0.03), x, y, 50),
    "linear": lambda x, y: (
        compiled(
            layers.Dense(1), shape=(10,), loss="mse", optimizer=keras.optimizers.SGD(0.05)
        ),
        x,
        y,
        60,
    ),
    "positive head": lambda x, y: (net("softplus"), x, y / 100, 10),
    "several units": lambda x, y: (net(units=2), x, np.stack([standard(y)] * 2, 1), 10),
    "autoencoder": lambda x, y: (net(units=10), x, x, 10),
}


@pytest.mark.parametrize("kind", HEALTHY)
def test_healthy_programs_pass(kind):
    model, x, y, epochs = HEALTHY[kind](*diabetes())
    result = examine(target_scale, model, x, y.astype("float32"), epochs=epochs)
    assert result.status is Status.PASS, result.message


def test_an_output_bias_at_the_mean_is_a_remedy():
    x, y = diabetes()
    made = net()
    made.layers[-1].bias.assign([y.mean()])
    assert examine(target_scale, made, x, y, epochs=25).status is Status.PASS


def test_an_output_in_target_units_is_a_remedy():
    x, y = diabetes()
    made = compiled(
        layers.Dense(32, activation="relu"),
        layers.Dense(1),
        layers.Rescaling(77.0, 152.0),
        shape=(10,),
        loss="mse",
        optimizer=ADAM(0.01),
    )
    assert examine(target_scale, made, x, y, epochs=20).status is Status.PASS


@pytest.mark.parametrize(
    ("activation", "low", "high", "status"),
    [
        ("relu", -2, 2, Status.FAIL),
        ("tanh", -1, 1, Status.PASS),
        ("tanh", -3, 3, Status.FAIL),
        ("sigmoid", 0, 1, Status.PASS),
        ("sigmoid", 1, 5, Status.FAIL),
        ("softplus", 0, 3, Status.PASS),
        (None, -3, 3, Status.PASS),
    ],
)
def test_what_the_output_cannot_say(activation, low, high, status):
    x, y = diabetes()
    y = low + (high - low) * (y - y.min()) / (y.max() - y.min())
    result = examine(target_scale, net(activation), x, y)
    assert result.status is status
    assert status is Status.PASS or "out" in result.message


def test_a_trace_out_of_reach_passes():
    x, y = diabetes()
    y = standard(y) - standard(y).min() - 0.1
    assert examine(target_scale, net("relu"), x, y).status is Status.PASS
    assert examine(target_scale, net("relu"), x, y, {"reach": 0.0}).status is Status.FAIL


def test_not_applicable_says_why():
    x, y = diabetes()
    for model, labels in ((net(loss="msle"), y), (net(loss=lambda t, p: abs(t - p)), y)):
        with pytest.raises(NotApplicable, match="amounts"):
            examine(target_scale, model, x, labels)
    with pytest.raises(NotApplicable, match="amounts"):
        examine(target_scale, classifier(), *digits())


def held_out(activation, change, **thresholds):
    """Training targets from 0 to 1, and validation targets with a change."""
    x, y = diabetes()
    y = (y - y.min()) / (y.max() - y.min())
    made, rest = net(activation), (x[300:], change(y[300:]))
    return examine(
        target_scale, made, x[:300], y[:300], validation_data=rest, thresholds=thresholds
    )


@pytest.mark.parametrize(
    ("activation", "change"),
    [
        ("sigmoid", lambda y: 25 + 321 * y),
        ("sigmoid", lambda y: y + 3),
        ("tanh", lambda y: 100 * y),
        ("relu", lambda y: y - 1),
    ],
)
def test_validation_targets_that_the_output_cannot_say_fail(activation, change):
    result = held_out(activation, change)
    assert result.status is Status.FAIL
    assert result.where == "validation"


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", None])
def test_validation_targets_in_reach_pass(activation):
    assert held_out(activation, lambda y: y).status is Status.PASS


def far_out(y):
    """A few outliers."""
    y = y.copy()
    y[:5] = 4.0
    return y


def test_a_few_validation_targets_out_of_reach_warn():
    assert held_out("sigmoid", far_out).status is Status.WARN
    assert held_out("sigmoid", far_out, half=0.01).status is Status.FAIL
    assert held_out("relu", far_out).status is Status.PASS
    assert held_out("sigmoid", lambda y: 1.01 * y).status is Status.PASS


def test_validation_targets_of_classes_are_not_its_affair():
    x, y = digits()
    with pytest.raises(NotApplicable):
        examine(target_scale, classifier(), x, y, validation_data=(x, 9 - y))
