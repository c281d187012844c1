"""Toggles are proved by what the compiled step computes, not by attributes."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_recipe.core.errors import InputError
from keras_recipe.surgery.dropout import rates
from keras_recipe.surgery.toggles import (
    set_dropout,
    set_weight_decay,
    without_regularization,
)

X = np.random.default_rng(0).normal(size=(16, 4, 6)).astype("float32")
Y = np.random.default_rng(1).normal(size=(16, 1)).astype("float32")


def step(model, x=X, y=Y):
    return float(model.train_on_batch(x, y))


def noisy(model, x=X, y=Y):
    """Say whether two training steps with unchanged weights differ (learning rate 0)."""
    return step(model, x, y) != step(model, x, y)


def still(model, x=X, y=Y):
    """Say whether training steps compute what inference computes, to float32's rounding."""
    loss = float(model.test_on_batch(x, y))
    return np.allclose([step(model, x, y), step(model, x, y)], loss, rtol=1e-5)


def everything():
    """Dropout in nested models, attention and noise, in one model."""
    inputs = keras.Input((4, 6))
    inner = keras.Sequential([keras.Input((4, 6)), layers.Dropout(0.3)])
    x = inner(inputs)
    x = layers.MultiHeadAttention(2, 3, dropout=0.4)(x, x)
    outer = keras.Model(inputs, layers.GaussianNoise(0.5)(x))
    model = keras.Sequential([keras.Input((4, 6)), outer, layers.Flatten(), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    return model


def recurrent():
    model = keras.Sequential(
        [
            keras.Input((4, 6)),
            layers.Bidirectional(layers.LSTM(3, dropout=0.3, recurrent_dropout=0.2)),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.SGD(0.0), "mse")
    return model


@pytest.mark.parametrize("build", [everything, recurrent])
def test_all_dropout_goes_off_in_the_compiled_step(build):
    model = build()
    assert noisy(model)
    assert set_dropout(model, 0.0) is model
    assert not noisy(model)


KINDS = {
    "dropout": (lambda: layers.Dropout(0.5), None),
    "spatial 1": (lambda: layers.SpatialDropout1D(0.5), None),
    "spatial 2": (lambda: layers.SpatialDropout2D(0.5), (8, 4, 4, 3)),
    "spatial 3": (lambda: layers.SpatialDropout3D(0.5), (8, 2, 4, 4, 3)),
    "alpha": (lambda: layers.AlphaDropout(0.5), None),
    "gaussian": (lambda: layers.GaussianDropout(0.5), None),
    "noise": (lambda: layers.GaussianNoise(0.5), None),
    "attention": (lambda: layers.Attention(dropout=0.5), "pair"),
    "heads": (lambda: layers.MultiHeadAttention(2, 3, dropout=0.5), "pair"),
    "groups": (lambda: layers.GroupQueryAttention(2, 2, 1, dropout=0.5), "pair"),
    "cells": (
        lambda: layers.RNN(
            [layers.GRUCell(3, recurrent_dropout=0.5), layers.SimpleRNNCell(3, dropout=0.5)]
        ),
        None,
    ),
    "convolution": (lambda: layers.ConvLSTM1D(2, 2, dropout=0.5), (2, 2, 4, 2)),
    "time": (lambda: layers.TimeDistributed(layers.Dropout(0.5)), None),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_follows_its_rate_and_returns_to_its_own(kind):
    build, shape = KINDS[kind]
    layer = build()
    x = ops.ones((16, 2, 6) if shape in (None, "pair") else shape)
    x = x * ops.reshape(
        ops.arange(x.shape[1], dtype="float32") + 1, (1, -1, *[1] * (x.ndim - 2))
    )
    arguments = ([x, x],) if kind == "attention" else (x, x) if shape == "pair" else (x,)
    layer(*arguments)

    class Holder(keras.Model):
        def __init__(self):
            super().__init__()
            self.parts = {"one": [layer]}

    model = Holder()

    quiet = ops.convert_to_numpy(layer(*arguments, training=False))

    def disturbance():
        value = ops.convert_to_numpy(layer(*arguments, training=True))
        return np.abs(value - quiet).mean()

    def own():
        return [(rate.path, rate.attribute, rate.value) for rate in rates(model)]

    before = own()
    assert disturbance() > 0.005
    set_dropout(model, 0.0)
    assert disturbance() < 1e-5
    if kind != "noise":
        set_dropout(model, 0.9)
    set_dropout(model, None)
    assert disturbance() > 0.005
    assert own() == before


def mlp(rate, *, optimizer=None, **dense):
    keras.utils.set_random_seed(3)
    drop = [] if rate is None else [layers.Dropout(rate)]
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(8, **dense), *drop, layers.Dense(1)]
    )
    model.compile(optimizer or keras.optimizers.Adam(0.01), "mse")
    return model


def test_rate_0_is_the_net_without_dropout_bit_for_bit():
    switched, plain = mlp(0.5), mlp(None)
    plain.set_weights(switched.get_weights())
    set_dropout(switched, 0.0)
    x = X[:, 0]
    assert [step(switched, x) for _ in range(3)] == [step(plain, x) for _ in range(3)]


def test_weights_and_optimizer_state_stay():
    model = mlp(0.5)
    step(model, X[:, 0])
    before = [ops.convert_to_numpy(v).copy() for v in model.optimizer.variables]
    weights = model.get_weights()
    set_dropout(model, 0.0)
    set_weight_decay(model, 0.1)
    set_weight_decay(model, None)
    set_dropout(model, None)
    after = [ops.convert_to_numpy(v) for v in model.optimizer.variables]
    assert len(before) == len(after) == 2 + 2 * 4
    for old, new in zip([*before, *weights], [*after, *model.get_weights()], strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_rate_is_given_to_all_dropout_layers():
    model = everything()
    set_dropout(model, 0.7)
    drop = model.layers[0].layers[1].layers[0]
    value = ops.convert_to_numpy(drop(ops.ones((400, 4, 6)), training=True))
    assert (value == 0).mean() == pytest.approx(0.7, abs=0.03)
    set_dropout(model, None)
    value = ops.convert_to_numpy(drop(ops.ones((400, 4, 6)), training=True))
    assert (value == 0).mean() == pytest.approx(0.3, abs=0.03)


def test_options_built_without_dropout_stay_without():
    inputs = keras.Input((4, 6))
    x = layers.MultiHeadAttention(2, 3)(inputs, inputs)
    x = layers.Dropout(0.1)(layers.LSTM(3)(x))
    model = keras.Model(inputs, x)
    cell = model.layers[2].cell
    set_dropout(model, 0.5)
    assert (cell.dropout, cell.recurrent_dropout) == (0.0, 0.0)
    assert model.layers[-1].rate == 0.5


def test_configuration_is_what_it_was():
    model = everything()
    before = str(model.get_config())
    set_dropout(model, 0.0)
    set_dropout(model, None)
    assert str(model.get_config()) == before


def test_a_rate_brings_noise_back_to_its_own():
    model = everything()
    noise = model.layers[0].layers[-1]
    set_dropout(model, 0.0)
    assert noise.stddev == 0.0
    set_dropout(model, 0.2)
    assert noise.stddev == 0.5


def test_a_held_function_does_not_hide_the_change():
    """JAX finds old traces by equality while the old function lives."""
    model = mlp(0.5, optimizer=keras.optimizers.SGD(0.0))
    x = X[:, 0]
    assert noisy(model, x)
    held = model.train_function
    set_dropout(model, 0.0)
    assert still(model, x)
    set_dropout(model, None)
    assert noisy(model, x)
    assert held is not model.train_function
    assert "train_step" not in vars(model)


@pytest.mark.parametrize("rate", [-0.1, 1.0, True, "0.5", float("nan")])
def test_impossible_rates(rate):
    with pytest.raises(InputError, match="rate"):
        set_dropout(mlp(0.5), rate)


def test_a_dropout_built_with_rate_0_cannot_rise():
    model = keras.Sequential([keras.Input((6,)), layers.Dropout(0.5), layers.Dropout(0.0)])
    model.layers[1].name = "zero"
    with pytest.raises(InputError, match=r"`zero` was built with rate 0"):
        set_dropout(model, 0.3)
    assert model.layers[0].rate == 0.5
    set_dropout(model, 0.0)
    with pytest.raises(InputError, match="no dropout"):
        set_dropout(mlp(None), 0.3)
    set_dropout(mlp(None), 0.0)


def zero(y, prediction):
    """A loss without gradients: whatever moves the weights is decay."""
    return 0.0 * ops.sum(prediction, axis=-1)


def norm_net(optimizer):
    inputs = keras.Input((6,))
    x = layers.Dense(4, name="first")(inputs)
    inner = keras.Sequential([keras.Input((4,)), layers.BatchNormalization()])
    model = keras.Model(inputs, layers.Dense(1, name="last")(inner(x)))
    model.compile(optimizer, zero)
    for weight in model.trainable_weights:
        weight.assign(np.ones(weight.shape))
    return model


def shrinkage(model):
    """What one step multiplies each trainable weight by, by `layer/name`."""
    before = [ops.convert_to_numpy(w).copy() for w in model.trainable_weights]
    step(model, X[:, 0])
    return {
        "/".join(w.path.split("/")[-2:]): float((ops.convert_to_numpy(w) / b).mean())
        for w, b in zip(model.trainable_weights, before, strict=True)
    }


def shrunk(model):
    return {name: ratio for name, ratio in shrinkage(model).items() if abs(ratio - 1) > 1e-6}


OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "adam": lambda: keras.optimizers.Adam(0.1),
    "scaled": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)),
    "several": lambda: keras.optimizers.MultiOptimizer(
        keras.optimizers.OptimizerMap(
            keras.optimizers.SGD(0.1), {"first/.*": keras.optimizers.Adam(0.1)}
        )
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_decay_shrinks_kernels_alone(name):
    model = norm_net(OPTIMIZERS[name]())
    step(model, X[:, 0])
    assert set_weight_decay(model, 0.2) is model
    found = shrunk(model)
    assert sorted(found.values()) == pytest.approx([1 - 0.1 * 0.2] * 2, rel=1e-5)
    assert all(key.endswith("kernel") for key in found)


def test_the_optimizers_own_decay_and_exclusions_come_back():
    optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.3)
    optimizer.exclude_from_weight_decay(var_names=["gamma"])
    model = norm_net(optimizer)
    model.get_layer("last").bias.assign([1.0])
    own = shrunk(model)
    assert len(own) == 5  # two kernels, two biases, beta
    assert list(own.values()) == pytest.approx([0.97] * 5, rel=1e-5)
    set_weight_decay(model, 0.5, exclude="last")
    found = shrunk(model)
    assert list(found.values()) == pytest.approx([0.95] * 3, rel=1e-5)
    assert not any(key.startswith("last") or key.endswith("gamma") for key in found)
    set_weight_decay(model, 0.0)
    assert shrunk(model) == {}
    set_weight_decay(model, None)
    assert shrunk(model) == pytest.approx(own, rel=1e-5)


def test_nothing_excluded():
    model = norm_net(keras.optimizers.SGD(0.1))
    set_weight_decay(model, 0.2, exclude=())
    assert len(shrunk(model)) == 6


def test_penalties_go_with_0_and_come_back():
    regularizer = keras.regularizers.L2(0.5)
    model = mlp(
        None,
        optimizer=keras.optimizers.SGD(0.0),
        kernel_regularizer=regularizer,
        bias_regularizer="l2",
    )
    x = X[:, 0]
    plain = float(np.mean((model.predict_on_batch(x) - Y) ** 2))
    kernel = ops.convert_to_numpy(model.layers[0].kernel)
    full = plain + 0.5 * float((kernel**2).sum())
    for value, loss in ((0.0, plain), (0.1, full), (0.0, plain), (None, full)):
        set_weight_decay(model, value)
        assert step(model, x) == pytest.approx(loss, rel=1e-5)
        assert float(model.test_on_batch(x, Y)) == pytest.approx(loss, rel=1e-5)
    assert regularizer.l2 == 0.5
    assert model.layers[0].kernel.regularizer is regularizer


@pytest.mark.parametrize(
    ("value", "exclude"),
    [(-1.0, ()), (True, ()), ("a", ()), (float("inf"), ()), (0.1, (1,)), (0.1, ("",))],
)
def test_impossible_decays(value, exclude):
    with pytest.raises(InputError):
        set_weight_decay(mlp(None), value, exclude)


def test_decay_needs_an_optimizer():
    model = keras.Sequential([keras.Input((6,)), layers.Dense(1, kernel_regularizer="l2")])
    with pytest.raises(InputError, match="compile"):
        set_weight_decay(model, 0.1)
    set_weight_decay(model, 0.0)
    assert model.losses == []
    set_weight_decay(model, None)
    assert len(model.losses) == 1


def regularized():
    regularizers = {"kernel_regularizer": "l2", "activity_regularizer": "l1"}
    model = mlp(0.5, optimizer=keras.optimizers.AdamW(0.0, weight_decay=0.1), **regularizers)
    return model, X[:, 0]


def functions(model):
    return [model.train_function, model.test_function, model.predict_function]


def test_without_regularization_and_back_to_the_same_functions():
    model, x = regularized()
    assert noisy(model, x)
    full = float(model.test_on_batch(x, Y))
    before, plain = functions(model), float(np.mean((model.predict_on_batch(x) - Y) ** 2))
    before = functions(model)
    with without_regularization(model) as switched:
        assert switched
        assert [step(model, x), step(model, x)] == pytest.approx([plain] * 2, rel=1e-5)
        assert model.optimizer.weight_decay == 0.0
    assert all(a is b for a, b in zip(before, functions(model), strict=True))
    assert noisy(model, x)
    assert float(model.test_on_batch(x, Y)) == pytest.approx(full, rel=1e-6)
    assert model.optimizer.weight_decay == 0.1


def test_what_was_never_compiled_is_not_left_compiled_without_regularization():
    model, x = regularized()

    def stopped():
        with without_regularization(model):
            assert still(model, x)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert functions(model) == [None, None, None]
    assert noisy(model, x)


def test_nothing_to_switch_off_traces_nothing():
    model = mlp(None)
    step(model, X[:, 0])
    before = model.train_function
    with without_regularization(model) as switched:
        assert not switched
        assert model.train_function is before
    set_dropout(model, 0.0)
    set_dropout(model, None)
    set_weight_decay(model, 0.0)
    set_weight_decay(model, None)
    assert model.train_function is before
