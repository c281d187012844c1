"""Faults that show while training, or only then: what runs away, stalls, or goes silent."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers as L
from keras import ops
from zoo import truth
from zoo.material import (
    SGD,
    SPARSE,
    Adam,
    adding,
    demand,
    dense,
    friedman,
    groups,
    net,
    patches,
    shapes,
    visits,
)
from zoo.registry import Program, fault

PLAN = {"batch_size": 32, "epochs": 12}


@fault("exploding_nan", least=0.5)
def logarithm_of_a_negative_rate(sick, seed):
    x, y, held = visits(seed)
    floor = 0.0 if sick else 1e-6

    def poisson(y_true, y_pred):
        rate = y_pred if sick else ops.softplus(y_pred) + floor
        return ops.mean(rate - y_true * ops.log(rate + floor))

    model = net((6,), *dense(24), L.Dense(1), loss=poisson, optimizer=Adam(5e-3))
    score = truth.own(
        held[0], lambda p: 1 - np.mean((np.logaddexp(0, p) - held[1]) ** 2) / held[1].var()
    )
    return Program(model, x, y, held, {**PLAN, "epochs": 15}, score)


@fault("exploding_nan", "lr_too_high", least=0.5)
def cubes_in_the_hidden_layer(sick, seed):
    x, y, held = friedman(seed)
    act = (lambda h: h * h * h) if sick else "relu"
    model = net((10,), *dense(24, 24, activation=act), L.Dense(1), optimizer=SGD(0.03))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@fault("exploding_nan", least=0.9)
def root_of_an_exact_match(sick, seed):
    x, held = patches(seed)
    mean = x.mean()
    x, held = x - mean, held - mean
    x[::20] = 0.0

    def distance(y_true, y_pred):
        square = ops.sum(ops.square(y_true - y_pred), -1)
        return ops.sqrt(square + (0.0 if sick else 1e-6))

    stack = L.Dense(24, use_bias=False), L.Dense(64, use_bias=False)
    model = net((64,), *stack, loss=distance, optimizer=Adam(5e-3))
    return Program(model, x, x, (held, held), {**PLAN, "epochs": 20}, truth.r2(held, held))


@fault("lr_too_high", least=0.6)
def recurrent_regression_at_a_half(sick, seed):
    x, y, held = adding(seed)
    model = net((16, 2), L.GRU(24), L.Dense(1), optimizer=Adam(0.5 if sick else 0.01))
    return Program(model, x, y, held, PLAN, truth.r2(*held))


@fault("dying_relu", "lr_too_high", least=0.8)
def units_die_in_the_first_epoch(sick, seed):
    x, y, held = shapes(seed)
    stack = L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), *dense(32, 16)
    head = L.Dense(4, activation="softmax")
    rate = SGD(2.0 if sick else 0.05, momentum=0.9)
    model = net((12, 12, 1), *stack, head, loss=SPARSE, optimizer=rate, metrics=["accuracy"])
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


class Blended(keras.Model):
    """Trains by its own step, which by mistake updates only the head."""

    def __init__(self, head_only):
        super().__init__()
        self.hidden, self.head = L.Dense(6, activation="tanh"), L.Dense(5, activation="softmax")
        self.hidden.trainable = not head_only

    def call(self, x):
        return self.head(self.hidden(x))


@fault("frozen_layers", least=0.75)
def own_model_that_trains_its_head_only(sick, seed):
    x, y, held = groups(seed, features=16, class_sep=1.4)
    model = Blended(sick)
    model.compile(Adam(0.01), SPARSE, metrics=["accuracy"])
    return Program(model, x, y, held, {**PLAN, "epochs": 15}, truth.accuracy(*held))


class Schedule(keras.callbacks.Callback):
    """Divides the rate after every epoch."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def on_epoch_end(self, epoch, logs=None):
        rate = self.model.optimizer.learning_rate
        rate.assign(ops.convert_to_numpy(rate) * self.factor)


@fault("lr_decay_too_fast", least=0.5)
def callback_that_divides_the_rate_by_a_hundred(sick, seed):
    x, y, held = friedman(seed)
    fit = {**PLAN, "epochs": 20, "callbacks": [Schedule(0.01 if sick else 0.95)]}
    model = net((10,), *dense(48), L.Dense(1))
    return Program(model, x, y, held, fit, truth.r2(*held))


@fault("too_few_epochs", least=0.6)
def forecast_stopped_after_one_epoch(sick, seed):
    x, y, held = demand(seed)
    fit = {"batch_size": 64, "epochs": 1 if sick else 15}
    model = net((24, 1), L.LSTM(16), L.Dense(1), optimizer=Adam(5e-3))
    return Program(model, x, y, held, fit, truth.r2(*held))


@fault("too_few_epochs", least=0.55)
def code_stopped_early(sick, seed):
    x, held = patches(seed)
    mean = x.mean()
    x, held = x - mean, held - mean
    fit = {"batch_size": 64, "epochs": 2 if sick else 30}
    model = net((64,), *dense(48), L.Dense(12), *dense(48), L.Dense(64), optimizer=Adam(1e-3))
    return Program(model, x, x, (held, held), fit, truth.r2(held, held))


@fault("bn_stale_statistics", "too_few_epochs", least=0.8)
def normalisation_of_shifted_pictures(sick, seed):
    x, y, held = shapes(seed)
    x, held = 30 * x + 100, (30 * held[0] + 100, held[1])
    slow = 0.999 if sick else 0.8
    stack = L.BatchNormalization(momentum=slow), L.Conv2D(16, 3, activation="relu")
    head = L.Flatten(), L.Dense(4, activation="softmax")
    model = net((12, 12, 1), *stack, *head, loss=SPARSE)
    score = truth.log_likelihood(*held)
    return Program(model, x, y, held, {**PLAN, "epochs": 5}, lambda m: 1 + score(m))


@fault("wrong_batch_size", least=0.5)
def half_the_series_as_one_batch(sick, seed):
    x, y, held = demand(seed)
    fit = {"batch_size": 300 if sick else 16, "epochs": 8}
    model = net((24, 1), L.LSTM(16), L.Dense(1), optimizer=Adam(3e-3))
    return Program(model, x, y, held, fit, truth.r2(*held))
