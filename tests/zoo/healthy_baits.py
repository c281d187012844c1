"""Healthy programs with something that a rule of thumb would call a fault."""

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
    dense,
    friedman,
    graph,
    groups,
    net,
    one_hot,
    pair,
    shells,
    split,
)
from zoo.registry import Program, healthy

PLAN = {"batch_size": 32, "epochs": 15}
LONG = {"batch_size": 32, "epochs": 25}


def softmax(classes):
    """A head for exclusive classes."""
    return L.Dense(classes, activation="softmax")


def sigmoid():
    """A head for yes or no."""
    return L.Dense(1, activation="sigmoid")


@healthy()
def head_on_five_hundred_random_features(seed):
    x, y, held = groups(seed)
    random = L.Dense(512, activation="relu", trainable=False)
    model = net((16,), random, softmax(5), loss=SPARSE, metrics=["accuracy"])
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy(least=0.99, allows=("duplicate_leakage",))
def four_rows_of_exclusive_or(seed):
    del seed
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    y = np.array([[0], [1], [1], [0]], "float32")
    model = net((2,), *dense(8, activation="tanh"), sigmoid(), optimizer=Adam(0.1))
    plan = {"batch_size": 4, "epochs": 250}
    return Program(model, x, y, (x, y), plan, truth.accuracy(x, y))


@healthy(least=0.8)
def walk_in_order_of_time(seed):
    random = np.random.RandomState(seed)
    walk = np.zeros(1012)
    for i in range(1, len(walk)):
        walk[i] = 0.98 * walk[i - 1] + random.randn()
    walk = (walk / walk.std()).astype("float32")
    x = np.stack([walk[i : i + 12] for i in range(1000)])[..., None]
    y, held = walk[12:, None], (x[800:], walk[812:, None])
    model = net((12, 1), L.LSTM(16), L.Dense(1), loss="mae", optimizer=Adam(0.01))
    plan = {**PLAN, "shuffle": False}
    return Program(model, x[:800], y[:800], held, plan, truth.r2(*held))


@healthy()
def own_units_normalised_by_the_first_layer(seed):
    x, y, held = pair(seed)
    size = 10.0 ** np.arange(-3, 9, dtype="float32") / 100
    x, held = x * size + 3 * size, (held[0] * size + 3 * size, held[1])
    first = L.BatchNormalization(momentum=0.9)
    model = net((12,), first, *dense(24), sigmoid(), loss=BINARY, optimizer=Adam(0.01))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy()
def classes_counted_from_1_with_a_unit_for_0(seed):
    x, y, (held_x, held_y) = groups(seed)
    held = held_x, one_hot(held_y + 1, 6)
    model = net((16,), *dense(48), softmax(6), loss="categorical_crossentropy")
    return Program(model, x, one_hot(y + 1, 6), held, PLAN, truth.accuracy(held_x, held_y + 1))


@healthy(least=0.85)
def signs_said_by_a_tanh(seed):
    x, y, held = shells(seed, classes=2)
    x, y, held = x, (2.0 * y - 1)[:, None], (held[0], (2.0 * held[1] - 1)[:, None])
    model = net((4,), *dense(24), L.Dense(1, activation="tanh"), optimizer=Adam(0.01))
    score = truth.own(held[0], lambda p: np.mean((p > 0) == (held[1] > 0)))
    return Program(model, x, y.astype("float32"), held, PLAN, score)


@healthy(least=0.85)
def steps_filled_with_minus_ten_and_masked(seed):
    random = np.random.RandomState(seed)
    up = random.randint(0, 2, 800)
    x = np.full((800, 20, 2), -10.0, "float32")
    for row, label in zip(x, up, strict=True):
        steps = random.randint(4, 20)
        row[:steps] = 0.6 * random.randn(steps, 2)
        row[random.randint(steps), 0] += 5 * label - 2.5
    x, y, held = split(x, up.astype("float32")[:, None], seed)
    model = net((20, 2), L.Masking(-10.0), L.GRU(16), sigmoid(), loss=BINARY)
    model.optimizer.learning_rate = 0.01
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy(least=0.6)
def percentages_of_prices(seed):
    x, y, held = friedman(seed)
    y, held = np.exp(y / 2), (held[0], np.exp(held[1] / 2))
    last = L.Dense(1, activation="exponential")
    model = net((10,), *dense(32, 16), last, loss="mape", optimizer=Adam(5e-3))
    return Program(model, x, y, held, LONG, truth.r2(*held))


@healthy(least=0.85)
def real_or_made_with_soft_labels(seed):
    real, _, _ = groups(seed)
    made = 0.4 * np.random.RandomState(seed).randn(*real.shape)
    x = np.concatenate([real, made]).astype("float32")
    y = np.repeat([[0.9], [0.0]], len(real), axis=0).astype("float32")
    x, y, held = split(x, y, seed)
    stack = L.Dense(64), L.LeakyReLU(negative_slope=0.2), L.Dropout(0.2), sigmoid()
    model = net((16,), *stack, loss=BINARY, optimizer=Adam(2e-3, beta_1=0.5))
    return Program(model, x, y, held, LONG, truth.accuracy(held[0], held[1] > 0.5))


@healthy(least=0.8)
def decoder_that_reads_the_answer_a_step_late(seed):
    random = np.random.RandomState(seed)
    said = random.randint(1, 8, (1500, 5)).astype("int32")
    late = np.concatenate([np.zeros((1500, 1), "int32"), said[:, :-1]], 1)
    a, b = keras.Input((5,), dtype="int32"), keras.Input((5,), dtype="int32")
    code = L.GRU(48)(L.Embedding(8, 16)(a))
    steps = L.GRU(48, return_sequences=True)(L.Embedding(8, 16)(b), initial_state=code)
    model = graph([a, b], softmax(8)(steps), SPARSE, Adam(0.01))
    x, held = [said[300:], late[300:]], ([said[:300], late[:300]], said[:300])
    return Program(model, x, said[300:], held, PLAN, truth.accuracy(*held))


class Penalised(keras.Model):
    """A model of its own class whose loss adds a small price on large predictions."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, inputs, training=None):
        return self.inner(inputs, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        error = super().compute_loss(x, y, y_pred, sample_weight, training)
        return error + 1e-3 * ops.mean(ops.square(y_pred))


@healthy(least=0.7)
def own_loss_with_a_price_on_large_predictions(seed):
    x, y, held = friedman(seed)
    model = Penalised(keras.Sequential([keras.Input((10,)), *dense(32, 16), L.Dense(1)]))
    model.compile(Adam(0.01), "mse")
    return Program(model, x, y, held, LONG, truth.r2(*held))
