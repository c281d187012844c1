"""Healthy programs on sequences and series."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers as L
from keras import ops
from zoo import truth
from zoo.material import (
    BINARY,
    SPARSE,
    Adam,
    adding,
    demand,
    graph,
    net,
    reviews,
    speech,
    split,
    sweeps,
    tagged,
)
from zoo.registry import Program, healthy

PLAN = {"batch_size": 32, "epochs": 12}


def softmax(classes):
    """A head for exclusive classes."""
    return L.Dense(classes, activation="softmax")


def next_word(unseen):
    """Share of next words foretold; at best 0.88, as a part is drawn at random."""

    def score(model):
        p = model.predict(unseen[:, :-1], verbose=0)
        return float(np.mean(p[:, 2:].argmax(-1) == unseen[:, 3:]))

    return score


@healthy(least=0.7)
def recurrent_regression(seed):
    x, y, held = adding(seed)
    model = net((16, 2), L.GRU(24), L.Dense(1), optimizer=Adam(0.01))
    return Program(model, x, y, held, {**PLAN, "epochs": 15}, truth.r2(*held))


@healthy(least=0.75)
def tags_from_both_directions(seed):
    x, y, held = tagged(seed)
    reader = L.Bidirectional(L.GRU(16, return_sequences=True))
    stack = L.Embedding(12, 12, mask_zero=True), reader
    model = net((12,), *stack, softmax(5), loss=SPARSE, optimizer=Adam(0.01), dtype="int32")
    score = truth.own(held[0], lambda p: np.mean((p.argmax(-1) == held[1])[held[0] > 0]))
    return Program(model, x, y, held, PLAN, score)


class Placed(L.Layer):
    """Adds a learned vector per position."""

    def build(self, shape):
        self.table = self.add_weight(shape=shape[1:], initializer="uniform", name="places")

    def call(self, x):
        return x + self.table


@healthy(least=0.6)
def next_word_by_causal_attention(seed):
    s, unseen = speech(seed)
    inputs = keras.Input((12,), dtype="int32")
    hidden = Placed()(L.Embedding(16, 24)(inputs))
    for _ in range(2):
        normal = L.LayerNormalization()(hidden)
        hidden = hidden + L.MultiHeadAttention(2, 12)(normal, normal, use_causal_mask=True)
        wide = L.Dense(48, activation="gelu")(L.LayerNormalization()(hidden))
        hidden = hidden + L.Dense(24)(wide)
    model = graph(inputs, softmax(16)(hidden), SPARSE, Adam(5e-3))
    held = unseen[:, :-1], unseen[:, 1:]
    return Program(model, s[:, :-1], s[:, 1:], held, PLAN, next_word(unseen))


@healthy(least=0.6)
def next_word_by_recurrence(seed):
    s, unseen = speech(seed)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    stack = L.Embedding(16, 16), L.LSTM(32, return_sequences=True), L.Dense(16)
    model = net((None,), *stack, loss=loss, optimizer=Adam(0.01), dtype="int32")
    held = unseen[:, :-1], unseen[:, 1:]
    return Program(model, s[:, :-1], s[:, 1:], held, PLAN, next_word(unseen))


@healthy(least=0.6)
def forecast_by_causal_filters(seed):
    x, _, held = demand(seed)
    series, unseen = x[:, :, 0], held[0][:, :, 0]
    inputs = keras.Input((23, 1))
    hidden = inputs
    for reach in (1, 2, 4):
        step = L.Conv1D(16, 3, padding="causal", dilation_rate=reach, activation="relu")
        hidden = step(hidden)
    model = graph(inputs, L.Dense(1)(hidden), "mse", Adam(0.01))
    held = unseen[:, :23, None], unseen[:, 1:, None]
    data = series[:, :23, None], series[:, 1:, None]
    return Program(model, *data, held, PLAN, truth.r2(*held))


@healthy(least=0.75)
def padded_reviews_masked(seed):
    x, y, held = reviews(seed)
    stack = L.Embedding(80, 12, mask_zero=True), L.Bidirectional(L.LSTM(12)), L.Dropout(0.3)
    head = L.Dense(1, activation="sigmoid")
    rate = Adam(0.01, clipnorm=1.0)
    model = net((20,), *stack, head, loss=BINARY, optimizer=rate, dtype="int32")
    return Program(model, x, y, held, {**PLAN, "epochs": 8}, truth.accuracy(*held))


@healthy(least=0.6)
def week_ahead_in_order_of_time(seed):
    x, y, held = demand(seed, ahead=7)
    fit = {**PLAN, "epochs": 15, "shuffle": False}
    model = net((24, 1), L.LSTM(24), L.Dense(7), loss="mae", optimizer=Adam(0.01))
    return Program(model, x, y, held, fit, truth.r2(*held))


@healthy(least=0.75)
def translation_with_the_answer_so_far(seed):
    random = np.random.RandomState(seed)
    source = random.randint(2, 12, (700, 6)).astype("int32")
    answer = source[:, ::-1] % 10 + 2
    started = np.concatenate([np.ones((700, 1), "int32"), answer[:, :-1]], 1)
    i, j = keras.Input((6,), dtype="int32"), keras.Input((6,), dtype="int32")
    coded = L.GRU(32, return_sequences=True)(L.Embedding(12, 12)(i))
    told = L.GRU(32, return_sequences=True)(L.Embedding(12, 12)(j))
    looked = L.Attention()([L.Dense(32)(Placed()(told)), coded])
    model = graph([i, j], softmax(12)(L.Concatenate()([told, looked])), SPARSE, Adam(0.01))
    held = [source[:150], started[:150]], answer[:150]
    data = [source[150:], started[150:]], answer[150:]
    return Program(model, *data, held, {**PLAN, "epochs": 15}, truth.accuracy(*held))


@healthy(least=0.85)
def tones_by_filters(seed):
    x, y, held = sweeps(seed)
    stack = L.Conv1D(16, 5, activation="relu"), L.MaxPooling1D(2), L.Conv1D(24, 5)
    head = L.BatchNormalization(), L.ReLU(), L.Flatten(), softmax(3)
    model = net((32, 1), *stack, *head, loss=SPARSE, metrics=["accuracy"])
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


class Pooled(L.Layer):
    """Mean over the items that are there."""

    def call(self, x, there):
        weight = ops.expand_dims(there, -1)
        return ops.sum(x * weight, 1) / ops.maximum(ops.sum(weight, 1), 1)


@healthy(least=0.7)
def sets_of_unequal_size(seed):
    random = np.random.RandomState(seed)
    size = random.randint(2, 9, 800)
    there = (np.arange(8) < size[:, None]).astype("float32")
    x = random.normal(size=(800, 8, 2)) * there[..., None]
    y = (np.square(x[..., 0]).sum(1) + x[..., 1].sum(1))[:, None] / size[:, None]
    rows = np.concatenate([x, there[..., None]], -1).astype("float32")
    rows, y, (seen, known) = split(rows, y.astype("float32"), seed)
    i, m = keras.Input((8, 2)), keras.Input((8,))
    each = L.Dense(32, activation="relu")(L.Dense(32, activation="relu")(i))
    pooled = Pooled()(each, m)
    model = graph([i, m], L.Dense(1)(L.Dense(16, activation="relu")(pooled)), "mse", Adam(0.01))
    parts = [[a[..., :2], a[..., 2]] for a in (rows, seen)]
    data = parts[0], y, (parts[1], known)
    return Program(model, *data, {**PLAN, "epochs": 20}, truth.r2(parts[1], known))
