"""Faults of the optimizer as configured: its kind, its rate, clipping, batch, penalties."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers as L
from zoo import truth
from zoo.material import (
    BINARY,
    SGD,
    SPARSE,
    Adam,
    adding,
    dense,
    friedman,
    groups,
    net,
    pair,
    reviews,
    shapes,
    shells,
    stripes,
    sweeps,
    tagged,
    visits,
)
from zoo.registry import Program, fault

PLAN = {"batch_size": 32, "epochs": 12}


def softmax(classes):
    """A head for exclusive classes."""
    return L.Dense(classes, activation="softmax")


@fault("lr_too_high", least=0.75)
def adam_at_one(sick, seed):
    x, y, held = groups(seed)
    rate = Adam(1.0 if sick else 0.01)
    model = net((16,), *dense(48, 24), softmax(5), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("lr_too_high", least=0.9)
def rmsprop_at_a_half_on_pictures(sick, seed):
    x, y, held = shapes(seed)
    rate = keras.optimizers.RMSprop(0.5 if sick else 3e-3)
    stack = L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), *dense(32)
    model = net((12, 12, 1), *stack, softmax(4), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("lr_too_high", least=0.75)
def recurrent_net_at_a_tenth(sick, seed):
    x, y, held = reviews(seed)
    stack = L.Embedding(80, 12, mask_zero=True), L.LSTM(12)
    head = L.Dense(1, activation="sigmoid")
    rate = Adam(0.5 if sick else 0.01)
    model = net((20,), *stack, head, loss=BINARY, optimizer=rate, dtype="int32")
    return Program(model, x, y, held, {**PLAN, "epochs": 8}, truth.accuracy(*held))


@fault("lr_too_low", least=0.6)
def adam_at_a_millionth(sick, seed):
    x, y, held = friedman(seed)
    model = net((10,), *dense(48), L.Dense(1), optimizer=Adam(1e-6 if sick else 0.01))
    return Program(model, x, y, held, PLAN, truth.r2(*held))


@fault("lr_too_low", "wrong_optimizer", least=0.8)
def sgd_at_a_ten_thousandth(sick, seed):
    x, y, held = stripes(seed)
    stack = L.Conv2D(12, 3, activation="relu"), L.MaxPooling2D(), L.Flatten()
    rate = SGD(1e-4) if sick else SGD(0.05, momentum=0.9)
    model = net((12, 12, 1), *stack, softmax(4), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("lr_too_low", least=0.6)
def tagger_at_a_hundred_thousandth(sick, seed):
    x, y, held = tagged(seed)
    reader = L.Bidirectional(L.GRU(16, return_sequences=True))
    stack = L.Embedding(12, 12, mask_zero=True), reader, softmax(5)
    rate = Adam(1e-5 if sick else 0.01)
    model = net((12,), *stack, loss=SPARSE, optimizer=rate, dtype="int32")
    score = truth.own(held[0], lambda p: np.mean((p.argmax(-1) == held[1])[held[0] > 0]))
    return Program(model, x, y, held, PLAN, score)


@fault("lr_negative", least=0.6)
def rate_below_zero(sick, seed):
    x, y, held = friedman(seed)
    model = net((10,), *dense(48), L.Dense(1), optimizer=SGD(-0.01 if sick else 0.03))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@fault("lr_negative", least=0.75)
def adam_uphill(sick, seed):
    x, y, held = groups(seed)
    rate = Adam(-1e-3 if sick else 3e-3)
    model = net((16,), *dense(48), softmax(5), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("lr_decay_too_fast", least=0.75)
def rate_halved_every_five_steps(sick, seed):
    x, y, held = groups(seed)
    schedule = keras.optimizers.schedules.ExponentialDecay(3e-3, 5 if sick else 200, 0.5)
    model = net((16,), *dense(48), softmax(5), loss=SPARSE, optimizer=Adam(schedule))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("lr_decay_too_fast", least=0.6)
def cosine_over_epochs_taken_for_steps(sick, seed):
    x, y, held = friedman(seed)
    steps = 20 if sick else 20 * 22
    schedule = keras.optimizers.schedules.CosineDecay(0.02, steps)
    model = net((10,), *dense(48), L.Dense(1), optimizer=SGD(schedule, momentum=0.9))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@fault("lr_decay_too_fast", least=0.75)
def rate_dropped_at_once(sick, seed):
    x, y, held = shapes(seed)
    edges = [10, 20] if sick else [150, 200]
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay(edges, [3e-3, 1e-5, 1e-7])
    stack = L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), *dense(32)
    model = net((12, 12, 1), *stack, softmax(4), loss=SPARSE, optimizer=Adam(schedule))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("wrong_optimizer", "lr_too_low", least=0.8)
def adadelta_as_it_comes(sick, seed):
    x, y, held = shapes(seed)
    stack = L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), *dense(32)
    rate = keras.optimizers.Adadelta() if sick else "adam"
    model = net((12, 12, 1), *stack, softmax(4), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("wrong_optimizer", least=0.75)
def plain_sgd_on_rare_words(sick, seed):
    x, y, held = reviews(seed)
    stack = L.Embedding(80, 12), L.Conv1D(12, 2, activation="relu"), L.GlobalAveragePooling1D()
    rate = SGD(0.01) if sick else Adam(0.01)
    head = L.Dense(1, activation="sigmoid")
    model = net((20,), *stack, head, loss=BINARY, optimizer=rate, dtype="int32")
    return Program(model, x, y, held, {**PLAN, "epochs": 10}, truth.accuracy(*held))


@fault("wrong_optimizer", "lr_too_low", least=0.6)
def adagrad_on_a_recurrent_net(sick, seed):
    x, y, held = adding(seed)
    rate = keras.optimizers.Adagrad() if sick else Adam(0.01)
    model = net((16, 2), L.GRU(24), L.Dense(1), optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.r2(*held))


@fault("clip_too_tight", least=0.6)
def norm_clipped_to_a_millionth(sick, seed):
    x, y, held = friedman(seed)
    rate = SGD(0.03, clipnorm=1e-5 if sick else 5.0)
    model = net((10,), *dense(48), L.Dense(1), optimizer=rate)
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@fault("clip_too_tight", least=0.75)
def values_clipped_to_nothing(sick, seed):
    x, y, held = groups(seed)
    rate = SGD(0.1, momentum=0.9, clipvalue=1e-6 if sick else 1.0)
    model = net((16,), *dense(48), softmax(5), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("too_few_epochs", least=0.75)
def one_epoch(sick, seed):
    x, y, held = groups(seed)
    fit = {"batch_size": 32, "epochs": 1 if sick else 20}
    model = net((16,), *dense(32), softmax(5), loss=SPARSE, optimizer=Adam(1e-3))
    return Program(model, x, y, held, fit, truth.accuracy(*held))


@fault("too_few_epochs", least=0.6)
def two_epochs_of_a_regression(sick, seed):
    x, y, held = friedman(seed)
    fit = {"batch_size": 32, "epochs": 2 if sick else 30}
    model = net((10,), *dense(32), L.Dense(1), optimizer=SGD(0.01))
    return Program(model, x, y, held, fit, truth.r2(*held))


@fault("wrong_batch_size", "too_few_epochs", least=0.75)
def the_whole_set_as_one_batch(sick, seed):
    x, y, held = groups(seed)
    fit = {"batch_size": len(x) if sick else 32, "epochs": 10}
    model = net((16,), *dense(32), softmax(5), loss=SPARSE, optimizer=Adam(1e-3))
    return Program(model, x, y, held, fit, truth.accuracy(*held))


@fault("wrong_batch_size", least=0.7)
def one_row_at_a_time_with_batch_norm(sick, seed):
    x, y, held = groups(seed, 400)
    fit = {"batch_size": 1 if sick else 32, "epochs": 3 if sick else 25}
    stack = L.Dense(32), L.BatchNormalization(), L.ReLU()
    model = net((16,), *stack, softmax(5), loss=SPARSE, optimizer=Adam(5e-3))
    return Program(model, x, y, held, fit, truth.accuracy(*held))


@fault("over_regularised", least=0.75)
def nearly_all_units_dropped(sick, seed):
    x, y, held = groups(seed)
    rate = 0.95 if sick else 0.2
    stack = [layer for w in (32, 32) for layer in (*dense(w), L.Dropout(rate))]
    model = net((16,), *stack, softmax(5), loss=SPARSE, metrics=["accuracy"])
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("over_regularised", least=0.6)
def penalty_above_the_loss(sick, seed):
    x, y, held = friedman(seed)
    penalty = keras.regularizers.L2(1.0 if sick else 1e-5)
    hidden = dense(48, kernel_regularizer=penalty)
    model = net((10,), *hidden, L.Dense(1, kernel_regularizer=penalty), optimizer=Adam(0.01))
    return Program(model, x, y, held, PLAN, truth.r2(*held))


@fault("over_regularised", least=0.75)
def weights_decay_faster_than_they_learn(sick, seed):
    x, y, held = sweeps(seed)
    rate = keras.optimizers.AdamW(5e-3, weight_decay=20.0 if sick else 1e-3)
    stack = L.Conv1D(24, 5, activation="relu"), L.MaxPooling1D(2), L.Conv1D(24, 5)
    model = net((32, 1), *stack, L.ReLU(), L.Flatten(), softmax(3), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("lr_too_high", "exploding_nan", least=0.5)
def momentum_at_one_half(sick, seed):
    x, y, held = visits(seed)
    head = L.Dense(1, activation="exponential")
    rate = SGD(0.5 if sick else 0.01, momentum=0.9)
    model = net((6,), *dense(24), head, loss="poisson", optimizer=rate)
    return Program(model, x, y, held, {**PLAN, "epochs": 15}, truth.r2(*held))


@fault("lr_too_low", "vanishing_gradient", least=0.75)
def sgd_on_stacked_sigmoids(sick, seed):
    x, y, held = shells(seed, 900)
    hidden = dense(*[24] * 3, activation="sigmoid" if sick else "relu")
    rate = SGD(0.01) if sick else Adam(0.01)
    model = net((4,), *hidden, softmax(3), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, {**PLAN, "epochs": 15}, truth.accuracy(*held))


@fault("over_regularised", least=0.9)
def activity_penalty_silences_the_code(sick, seed):
    x, y, held = pair(seed)
    quiet = keras.regularizers.L1(0.5 if sick else 1e-5)
    hidden = dense(48, activity_regularizer=quiet)
    head = L.Dense(1, activation="sigmoid")
    model = net((12,), *hidden, head, loss=BINARY, metrics=["accuracy"])
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.accuracy(*held))
