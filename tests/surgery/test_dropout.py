"""Rates of every kind are proved by what the layers compute, not by attributes."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from stepping import X, noisy, step

from keras_recipe.core.errors import InputError
from keras_recipe.surgery.dropout import rates, set_dropout
from keras_recipe.surgery.weight_decay import set_weight_decay


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
            [layers.GRUCell(3, recurrent_dropout=0.5), layers.SimpleRNNCell(3, dropout=0.5)],
            unroll=True,
        ),
        None,
    ),
    "convolution": (lambda: layers.ConvLSTM1D(2, 2, dropout=0.5, unroll=True), (2, 2, 4, 2)),
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
