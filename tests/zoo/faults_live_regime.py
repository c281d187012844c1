"""Faults of the fit that only training shows: lost numbers, held weights, a wrong end."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers as L
from keras import ops
from zoo import truth
from zoo.material import (
    BINARY,
    SGD,
    SPARSE,
    Adam,
    adding,
    demand,
    dense,
    friedman,
    graph,
    groups,
    net,
    one_hot,
    reviews,
    shapes,
    shells,
    stripes,
    sweeps,
    visits,
)
from zoo.registry import Program, fault

PLAN = {"batch_size": 32, "epochs": 12}
Stop = keras.callbacks.EarlyStopping


def softmax(classes):
    """A head for exclusive classes."""
    return L.Dense(classes, activation="softmax")


# -- numbers that are lost


class Scaled(L.Layer):
    """Divides a row by its deviation, which is 0 where all its units are silent."""

    def __init__(self, floor):
        super().__init__()
        self.floor = floor

    def call(self, h):
        return h / (ops.std(h, axis=-1, keepdims=True) + self.floor)


@fault("exploding_nan", least=0.75)
def silent_rows_divided_by_nothing(sick, seed):
    x, y, held = groups(seed)
    hidden = [*dense(3), Scaled(0.0 if sick else 1e-3), *dense(24)]
    model = net((16,), *hidden, softmax(5), loss=SPARSE, optimizer=Adam(0.01))
    return Program(model, x, y, held, {**PLAN, "epochs": 30}, truth.accuracy(*held))


@fault("exploding_nan", least=0.8)
def logarithm_of_a_probability_gone(sick, seed):
    x, y, held = shells(seed)

    def entropy(y_true, scores):
        sure = ops.log(ops.softmax(60 * scores)) if sick else ops.log_softmax(scores)
        return -ops.mean(ops.sum(y_true * sure, -1))

    model = net((4,), *dense(32), L.Dense(3), loss=entropy, optimizer=Adam(0.02))
    shown = held[0], one_hot(held[1], 3)
    return Program(
        model, x, one_hot(y, 3), shown, {**PLAN, "epochs": 15}, truth.accuracy(*held)
    )


@fault("exploding_nan", "unscaled_target", least=0.5)
def half_precision_beside_large_targets(sick, seed):
    x, y, held = friedman(seed, 600)
    y, held = 4000 * y, (held[0], 4000 * held[1])
    kind, scale = ("float16", 1.0) if sick else ("float32", 1 / 4000)

    def loss(y_true, y_pred):
        return ops.mean(ops.square(ops.cast(scale * y_true, kind) - y_pred))

    stack = *dense(24, dtype=kind), L.Dense(1, dtype=kind)
    model = net((10,), *stack, loss=loss, optimizer=Adam(0.01, epsilon=1e-4))
    score = truth.own(
        held[0], lambda p: max(-2.0, 1 - np.mean((p / scale - held[1]) ** 2) / held[1].var())
    )
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, score)


@fault("exploding_nan", "lr_too_high", least=0.5)
def recurrence_without_bounds(sick, seed):
    x, y, held = adding(seed, length=40)
    reads = L.SimpleRNN(24, activation="relu", recurrent_initializer="identity")
    rate = SGD(0.3) if sick else Adam(3e-3, clipnorm=1.0)
    model = net((40, 2), reads, L.Dense(1), optimizer=rate)
    return Program(model, x, y, held, {**PLAN, "epochs": 25}, truth.r2(*held))


@fault("exploding_nan", least=0.5)
def power_of_a_base_that_turns_negative(sick, seed):
    x, y, held = visits(seed)

    def loss(y_true, y_pred):
        base = y_pred if sick else ops.softplus(y_pred)
        return ops.mean(ops.square(ops.power(base, 1.5) - y_true))

    start = keras.initializers.Constant(1.5)
    head = L.Dense(1, bias_initializer=start, kernel_initializer=keras.initializers.Zeros())
    model = net((6,), *dense(24), head, loss=loss, optimizer=Adam(0.01))

    def share(p):
        rate = np.logaddexp(0, p) ** 1.5
        return 1 - np.mean((rate - held[1]) ** 2) / held[1].var()

    return Program(model, x, y, held, {**PLAN, "epochs": 25}, truth.own(held[0], share))


# -- weights that are held back


@fault("constraint_too_tight", least=0.7)
def kernels_kept_at_a_hundredth(sick, seed):
    x, y, held = groups(seed)
    most = keras.constraints.MaxNorm(0.01 if sick else 3.0)
    hidden = dense(48, kernel_constraint=most)
    head = L.Dense(5, activation="softmax", kernel_constraint=most)
    model = net((16,), *hidden, head, loss=SPARSE, optimizer=Adam(0.01))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.accuracy(*held))


@fault("constraint_too_tight", least=0.75)
def filters_that_may_not_grow(sick, seed):
    x, y, held = stripes(seed)
    most = keras.constraints.MinMaxNorm(0.0, 1e-3) if sick else keras.constraints.UnitNorm()
    stack = L.Conv2D(16, 3, activation="relu", kernel_constraint=most), L.MaxPooling2D()
    rest = L.Flatten(), softmax(4)
    model = net((12, 12, 1), *stack, *rest, loss=SPARSE, optimizer=Adam(1e-3))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("over_regularised", least=0.7)
def attention_that_decays_away(sick, seed):
    x, y, held = reviews(seed)
    inputs = keras.Input((20,), dtype="int32")
    hidden = L.Embedding(80, 16)(inputs)
    hidden = L.LayerNormalization()(hidden + L.MultiHeadAttention(2, 8)(hidden, hidden))
    head = L.Dense(1, activation="sigmoid")(L.GlobalAveragePooling1D()(hidden))
    rate = keras.optimizers.AdamW(5e-3, weight_decay=30.0 if sick else 1e-3)
    model = graph(inputs, head, BINARY, rate)
    return Program(model, x, y, held, {**PLAN, "epochs": 10}, truth.accuracy(*held))


@fault("over_regularised", least=0.75)
def filters_under_a_heavy_penalty(sick, seed):
    x, y, held = shapes(seed)
    penalty = keras.regularizers.L2(3.0 if sick else 1e-5)
    hidden = L.Conv2D(16, 3, activation="relu", kernel_regularizer=penalty)
    stack = hidden, L.MaxPooling2D(), L.Flatten(), *dense(32, kernel_regularizer=penalty)
    model = net((12, 12, 1), *stack, softmax(4), loss=SPARSE, metrics=["accuracy"])
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("over_regularised", least=0.75)
def activities_priced_above_the_data(sick, seed):
    x, y, held = groups(seed)
    price = keras.regularizers.L2(10.0 if sick else 1e-5)
    model = net((16,), *dense(48, activity_regularizer=price), softmax(5), loss=SPARSE)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("over_regularised", least=0.6)
def memory_dropped_at_every_step(sick, seed):
    x, y, held = adding(seed)
    rate = 0.95 if sick else 0.0
    reads = L.GRU(24, dropout=rate, recurrent_dropout=rate)
    model = net((16, 2), reads, L.Dense(1), optimizer=Adam(0.01))
    return Program(model, x, y, held, PLAN, truth.r2(*held))


@fault("ema_never_caught_up", least=0.75)
def average_of_a_million_steps(sick, seed):
    x, y, held = groups(seed)
    slow = 0.999999 if sick else 0.9
    rate = Adam(0.01, use_ema=True, ema_momentum=slow)
    model = net((16,), *dense(48), softmax(5), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("bn_stale_statistics", least=0.75)
def statistics_over_ten_thousand_batches(sick, seed):
    x, y, held = sweeps(seed)
    x, held = 4 * x + 6, (4 * held[0] + 6, held[1])
    slow = 0.9999 if sick else 0.9
    stack = [
        layer
        for width in (16, 24)
        for layer in (L.Conv1D(width, 5), L.BatchNormalization(momentum=slow), L.ReLU())
    ]
    model = net((32, 1), *stack, L.GlobalAveragePooling1D(), softmax(3), loss=SPARSE)
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.accuracy(*held))


# -- ended wrongly


@fault("too_few_epochs", least=0.75)
def stopped_as_accuracy_did_not_fall(sick, seed):
    x, y, held = groups(seed)
    stop = Stop("val_accuracy", mode="min" if sick else "max", patience=1 if sick else 8)
    fit = {**PLAN, "epochs": 25, "callbacks": [stop]}
    settings = {"optimizer": Adam(1e-3), "metrics": ["accuracy"]}
    model = net((16,), *dense(32), softmax(5), loss=SPARSE, **settings)
    return Program(model, x, y, held, fit, truth.accuracy(*held))


@fault("too_few_epochs", least=0.6)
def stopped_for_want_of_a_leap(sick, seed):
    x, y, held = demand(seed)
    stop = Stop("val_loss", patience=0 if sick else 5, min_delta=0.5 if sick else 0.0)
    fit = {"batch_size": 64, "epochs": 20, "callbacks": [stop]}
    model = net((24, 1), L.LSTM(16), L.Dense(1), optimizer=Adam(5e-3))
    return Program(model, x, y, held, fit, truth.r2(*held))


@fault("wrong_epoch_kept", least=0.75)
def weights_of_the_worst_epoch(sick, seed):
    x, y, held = stripes(seed)
    keep = Stop(
        "val_accuracy",
        mode="min" if sick else "max",
        patience=100,
        restore_best_weights=True,
    )
    fit = {**PLAN, "epochs": 15, "callbacks": [keep]}
    stack = L.Conv2D(12, 3, activation="relu"), L.MaxPooling2D(), L.Flatten()
    settings = {"optimizer": Adam(1e-3), "metrics": ["accuracy"]}
    model = net((12, 12, 1), *stack, softmax(4), loss=SPARSE, **settings)
    return Program(model, x, y, held, fit, truth.accuracy(*held))


@fault("wrong_batch_size", "too_few_epochs", least=0.7)
def all_reviews_in_two_batches(sick, seed):
    x, y, held = reviews(seed)
    stack = L.Embedding(80, 12), L.Conv1D(12, 2, activation="relu"), L.GlobalAveragePooling1D()
    head = L.Dense(1, activation="sigmoid")
    fit = {"batch_size": 400 if sick else 32, "epochs": 12}
    model = net((20,), *stack, head, loss=BINARY, optimizer=Adam(5e-3), dtype="int32")
    return Program(model, x, y, held, fit, truth.accuracy(*held))


class SameRows(keras.utils.PyDataset):
    """Batches by number; the sick one gives the first whatever the number."""

    def __init__(self, x, y, stuck, size=32):
        super().__init__()
        self.x, self.y, self.stuck, self.size = x, y, stuck, size

    def __len__(self):
        return len(self.x) // self.size

    def __getitem__(self, i):
        start = 0 if self.stuck else i * self.size
        return self.x[start : start + self.size], self.y[start : start + self.size]


@fault("repeats_one_batch", least=0.75)
def first_batch_again_and_again(sick, seed):
    x, y, held = groups(seed)
    model = net((16,), *dense(48), softmax(5), loss=SPARSE)
    rows = SameRows(x, y, stuck=sick)
    return Program(model, rows, None, held, {"epochs": 15}, truth.accuracy(*held))


@fault("heads_unbalanced", least=0.5)
def one_head_shouts_the_other_down(sick, seed):
    x, y, held = friedman(seed)
    inputs = keras.Input((10,))
    hidden = L.Dense(48, activation="relu")(inputs)
    loud = L.Dense(1, name="loud")(hidden)
    low = L.Dense(1, name="low")(L.Dense(24, activation="relu", name="path")(hidden))
    model = keras.Model(inputs, {"loud": loud, "low": low})
    weights = {"loud": 1.0, "low": 1e-7 if sick else 1.0}
    model.compile(SGD(0.03, momentum=0.9), {"loud": "mse", "low": "mse"}, loss_weights=weights)
    both = {"loud": x[:, :1] * x[:, 1:2], "low": y}
    shown = held[0], {"loud": held[0][:, :1] * held[0][:, 1:2], "low": held[1]}
    score = truth.own(held[0], lambda p: 1 - np.mean((p["low"] - held[1]) ** 2) / held[1].var())
    return Program(model, x, both, shown, {**PLAN, "epochs": 20}, score)
