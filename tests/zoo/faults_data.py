"""Faults of the inputs: scale, content, and how they reach the net."""

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
    demand,
    dense,
    friedman,
    graph,
    groups,
    impedance,
    net,
    pair,
    reviews,
    shapes,
    speech,
    split,
    standard,
    sweeps,
)
from zoo.registry import Program, fault

PLAN = {"batch_size": 32, "epochs": 12}


def standardised(x, held):
    """Inputs of both splits, standardised by the training rows."""
    a, b = standard(x, held[0])
    return a, (b, held[1])


@fault("unnormalized_input", "saturated_activation", least=0.7)
def raw_units_into_tanh(sick, seed):
    x, y, held = impedance(seed)
    y, held = (y - y.mean()) / y.std(), (held[0], (held[1] - y.mean()) / y.std())
    if not sick:
        x, held = standardised(x, held)
    model = net((4,), *dense(32, 16, activation="tanh"), L.Dense(1), optimizer=Adam(0.01))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@fault("unnormalized_input", least=0.8)
def years_and_small_differences(sick, seed):
    x, y, held = pair(seed)
    if sick:
        x, held = x + 2000, (held[0] + 2000, held[1])
    head = L.Dense(1, activation="sigmoid")
    model = net((12,), *dense(48), head, loss=BINARY, metrics=["accuracy"])
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("unnormalized_input", "lr_too_high", least=0.8)
def bytes_into_plain_sgd(sick, seed):
    x, y, held = shapes(seed)
    top = 255.0 if sick else 1.0
    stack = L.Conv2D(12, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), *dense(32)
    head = L.Dense(4, activation="softmax")
    rate = SGD(0.05, momentum=0.9)
    model = net((12, 12, 1), *stack, head, loss=SPARSE, optimizer=rate)
    held = top * held[0], held[1]
    return Program(model, top * x, y, held, PLAN, truth.accuracy(*held))


@fault("unscaled_target", least=0.7)
def house_prices_in_full(sick, seed):
    x, y, held = friedman(seed)
    level, spread = (240_000.0, 80_000.0) if sick else (0.0, 1.0)
    y, held = level + spread * y, (held[0], level + spread * held[1])
    model = net((10,), *dense(48), L.Dense(1), optimizer=Adam(0.01))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@fault("unscaled_target", least=0.6)
def returns_of_a_millionth(sick, seed):
    x, y, held = friedman(seed)
    spread = 1e-5 if sick else 1.0
    y, held = spread * y, (held[0], spread * held[1])
    model = net((10,), *dense(48), L.Dense(1), optimizer=SGD(0.05))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@fault("constant_input", least=0.8)
def bytes_divided_as_integers(sick, seed):
    x, y, held = shapes(seed)
    parts = [(255 * a).astype("uint8") for a in (x, held[0])]
    x, unseen = [(a // 255 if sick else a / 255).astype("float32") for a in parts]
    stack = L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), *dense(32)
    model = net((12, 12, 1), *stack, L.Dense(4, activation="softmax"), loss=SPARSE)
    held = unseen, held[1]
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("constant_input", least=0.75)
def every_word_unknown(sick, seed):
    x, y, held = reviews(seed)
    if sick:
        x, held = np.minimum(x, 1), (np.minimum(held[0], 1), held[1])
    stack = L.Embedding(80, 16, mask_zero=True), L.Bidirectional(L.GRU(12))
    head = L.Dense(1, activation="sigmoid")
    model = net((20,), *stack, head, loss=BINARY, optimizer=Adam(0.01), dtype="int32")
    return Program(model, x, y, held, {**PLAN, "epochs": 8}, truth.accuracy(*held))


@fault("input_preprocessing_mismatch", least=0.8)
def validation_still_in_bytes(sick, seed):
    x, y, held = shapes(seed)
    held = (255 * held[0] if sick else held[0], held[1])
    stack = L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), *dense(32)
    model = net((12, 12, 1), *stack, L.Dense(4, activation="softmax"), loss=SPARSE)
    score = truth.log_likelihood(*held)
    return Program(model, x, y, held, PLAN, lambda m: 1 + score(m))


@fault("input_preprocessing_mismatch", least=0.5)
def validation_in_its_own_units(sick, seed):
    x, y, held = friedman(seed)
    held = (held[0] * 0.29 + 0.5 if sick else held[0], held[1])
    model = net((10,), *dense(48), L.Dense(1), optimizer=Adam(0.01))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@fault("input_preprocessing_mismatch", least=0.8)
def validation_with_columns_in_another_order(sick, seed):
    x, y, held = groups(seed)
    held = (held[0][:, ::-1].copy() if sick else held[0], held[1])
    model = net((16,), *dense(48), L.Dense(5, activation="softmax"), loss=SPARSE)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("pretrained_preprocessing_mismatch", "unnormalized_input", least=0.7)
def base_trained_on_unit_range_fed_bytes(sick, seed):
    x, y, held = shapes(seed, 1000)
    hidden = L.Conv2D(12, 3, activation="tanh"), L.MaxPooling2D(), L.Flatten()
    base = keras.Sequential([keras.Input((12, 12, 1)), *hidden, L.Dense(24, "tanh")])
    first = keras.Sequential([base, L.Dense(3, activation="softmax")])
    first.compile(Adam(5e-3), SPARSE)
    known = y < 3
    first.fit(x[known], y[known], epochs=8, verbose=0)
    base.trainable = False
    top = 255.0 if sick else 1.0
    head = L.Dense(4, activation="softmax")
    model = net((12, 12, 1), base, head, loss=SPARSE, optimizer=Adam(0.01))
    held = top * held[0], held[1]
    return Program(model, top * x, y, held, PLAN, truth.accuracy(*held))


def channels(seed, rows=800, length=24):
    """Three sensors; the class is which of them leads, (rows, 3, length)."""
    random = np.random.RandomState(seed)
    y = random.randint(0, 3, rows)
    t = np.arange(length)
    phase = random.uniform(0, 6.3, rows)[:, None, None] - 1.2 * np.arange(3)[None, :, None]
    x = np.sin(0.5 * t[None, None] + phase) + 0.25 * random.randn(rows, 3, length)
    x = np.stack([np.roll(a, k, 0) for a, k in zip(x, y, strict=True)])
    return split(x.astype("float32"), y.astype("int32"), seed)


@fault("reshape_not_transpose", least=0.8)
def sensors_reshaped_into_time(sick, seed):
    x, y, held = channels(seed)
    turn = L.Reshape((24, 3)) if sick else L.Permute((2, 1))
    stack = L.Conv1D(12, 3, activation="relu"), L.GlobalAveragePooling1D()
    head = L.Dense(3, activation="softmax")
    model = net((3, 24), turn, *stack, head, loss=SPARSE, optimizer=Adam(0.01))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("reshape_not_transpose", "data_label_misaligned", least=0.8)
def pictures_stored_with_rows_last(sick, seed):
    x, y, held = shapes(seed)
    stored = [np.moveaxis(a[..., 0], 0, -1) for a in (x, held[0])]  # (12, 12, rows)
    x, unseen = [
        (a.reshape(-1, 12, 12) if sick else np.moveaxis(a, -1, 0))[..., None] for a in stored
    ]
    stack = L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), *dense(32)
    model = net((12, 12, 1), *stack, L.Dense(4, activation="softmax"), loss=SPARSE)
    held = unseen, held[1]
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


class Centred(L.Layer):
    """Takes a mean away: over the features, or by mistake over the rows."""

    def __init__(self, axis):
        super().__init__()
        self.axis = axis

    def call(self, x):
        return (x - ops.mean(x, self.axis, keepdims=True)) / (
            ops.std(x, self.axis, keepdims=True) + 1e-3
        )


def in_order(score, x, y):
    """Score with the rows sorted by class, as a served batch of one kind would be."""
    order = np.argsort(np.ravel(y), kind="stable")
    return score(x[order], y[order])


@fault("batch_mixing", least=0.8)
def normalised_over_the_rows(sick, seed):
    x, y, held = groups(seed)
    stack = L.Dense(48), Centred(0 if sick else -1), L.ReLU()
    model = net((16,), *stack, L.Dense(5, activation="softmax"), loss=SPARSE)
    return Program(model, x, y, held, PLAN, in_order(truth.accuracy, *held))


class Weighed(L.Layer):
    """Attention weights over time, or by mistake over the rows of the batch."""

    def __init__(self, axis):
        super().__init__()
        self.axis = axis
        self.key = L.Dense(1)

    def call(self, x):
        return ops.sum(ops.softmax(4 * self.key(x), self.axis) * x, 1)


@fault("batch_mixing", least=0.8)
def attention_over_the_rows(sick, seed):
    x, y, held = sweeps(seed)
    stack = L.Conv1D(24, 5, activation="relu"), L.Conv1D(24, 5, activation="tanh")
    head = Weighed(0 if sick else 1), L.Dense(3, activation="softmax")
    model = net((32, 1), *stack, *head, loss=SPARSE, optimizer=Adam(0.01))
    return Program(model, x, y, held, PLAN, in_order(truth.accuracy, *held))


@fault("missing_mask", least=0.7)
def long_padding_into_a_recurrent_net(sick, seed):
    x, y, held = reviews(seed, 900, length=14, shortest=5)
    wide = [np.pad(a, ((0, 0), (0, 46))) for a in (x, held[0])]
    stack = L.Embedding(80, 12, mask_zero=not sick), L.LSTM(16)
    head = L.Dense(1, activation="sigmoid")
    model = net((60,), *stack, head, loss=BINARY, optimizer=Adam(0.01), dtype="int32")
    held = wide[1], held[1]
    return Program(model, wide[0], y, held, {**PLAN, "epochs": 8}, truth.accuracy(*held))


@fault("missing_mask", least=0.7)
def averaged_over_padding(sick, seed):
    random = np.random.RandomState(seed)
    size = random.randint(2, 25, 900)
    x = random.normal(0.8, 1.0, (900, 24, 2)) * (np.arange(24) < size[:, None])[..., None]
    y = (np.abs(x[..., :1]).sum(1) + x[..., 1:].sum(1)) / size[:, None]
    x, y, held = split(x.astype("float32"), y.astype("float32"), seed)
    mask = [] if sick else [L.Masking(0.0)]
    stack = *mask, *dense(24), L.GlobalAveragePooling1D()
    model = net((24, 2), *stack, L.Dense(1), optimizer=Adam(0.01))
    return Program(model, x, y, held, PLAN, truth.r2(*held))


@fault("autoregressive_leakage", least=0.4)
def both_directions_for_the_next_word(sick, seed):
    s, unseen = speech(seed)
    reader = L.GRU(24, return_sequences=True)
    stack = L.Embedding(16, 16), L.Bidirectional(reader) if sick else reader
    head = L.Dense(16, activation="softmax")
    model = net((12,), *stack, head, loss=SPARSE, optimizer=Adam(0.01), dtype="int32")
    cut = unseen[:, :12].copy()
    cut[:, 7:] = 1  # the future is not there yet

    def score(m):
        return float(np.mean(m.predict(cut, verbose=0)[:, 6].argmax(-1) == unseen[:, 7]))

    held = unseen[:, :-1], unseen[:, 1:]
    return Program(model, s[:, :-1], s[:, 1:], held, PLAN, score)


@fault("autoregressive_leakage", least=0.4)
def forgot_to_shift_the_targets(sick, seed):
    s, unseen = speech(seed)
    at = 0 if sick else 1
    stack = L.Embedding(16, 16), L.LSTM(24, return_sequences=True)
    head = L.Dense(16, activation="softmax")
    model = net((12,), *stack, head, loss=SPARSE, optimizer=Adam(0.01), dtype="int32")

    def score(m):
        return float(
            np.mean(m.predict(unseen[:, :12], verbose=0)[:, 6].argmax(-1) == unseen[:, 7])
        )

    held = unseen[:, :-1], unseen[:, at : at + 12]
    return Program(model, s[:, :-1], s[:, at : at + 12], held, PLAN, score)


@fault("autoregressive_leakage", least=0.5)
def forecast_with_padding_on_both_sides(sick, seed):
    x, _, held = demand(seed)
    series, unseen = x[:, :, 0], held[0][:, :, 0]
    inputs = keras.Input((23, 1))
    side = "same" if sick else "causal"
    hidden = L.Conv1D(16, 3, padding=side, activation="relu")(inputs)
    hidden = L.Conv1D(16, 3, padding=side, dilation_rate=2, activation="relu")(hidden)
    model = graph(inputs, L.Dense(1)(hidden), optimizer=Adam(0.01))

    def score(m):
        cut = unseen[:, :23, None].copy()
        cut[:, 16:] = 0
        gap = m.predict(cut, verbose=0)[:, 15, 0] - unseen[:, 16]
        return 1 - float(np.mean(gap**2) / unseen.var())

    held = unseen[:, :23, None], unseen[:, 1:, None]
    return Program(model, series[:, :23, None], series[:, 1:, None], held, PLAN, score)
