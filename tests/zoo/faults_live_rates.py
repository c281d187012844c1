"""Faults of the step that only training shows: rate, momentum, clipping, and their plans."""

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
    demand,
    dense,
    friedman,
    graph,
    groups,
    net,
    pair,
    reviews,
    shapes,
    shells,
    split,
    stripes,
    sweeps,
    tagged,
)
from zoo.registry import Program, fault

PLAN = {"batch_size": 32, "epochs": 12}
Callback = keras.callbacks.Callback


def softmax(classes):
    """A head for exclusive classes."""
    return L.Dense(classes, activation="softmax")


def reader(words=80, length=20, width=16):
    """A block of attention over tokens, pooled: inputs and what it read."""
    inputs = keras.Input((length,), dtype="int32")
    hidden = L.Embedding(words, width)(inputs)
    looked = L.MultiHeadAttention(2, width // 2)(hidden, hidden)
    hidden = L.LayerNormalization()(hidden + looked)
    hidden = L.LayerNormalization()(hidden + L.Dense(width)(L.Dense(32, "relu")(hidden)))
    return inputs, L.GlobalAveragePooling1D()(hidden)


@fault("lr_too_high", least=0.7)
def attention_at_a_half_without_warm_up(sick, seed):
    x, y, held = reviews(seed)
    inputs, hidden = reader()
    head = L.Dense(1, activation="sigmoid")(hidden)
    model = graph(inputs, head, BINARY, Adam(0.5 if sick else 5e-3), metrics=["accuracy"])
    return Program(model, x, y, held, {**PLAN, "epochs": 10}, truth.accuracy(*held))


@fault("momentum_too_high", "lr_too_high", least=0.6)
def momentum_of_almost_one(sick, seed):
    x, y, held = friedman(seed)
    rate = SGD(0.03, momentum=0.999 if sick else 0.9)
    model = net((10,), *dense(48), L.Dense(1), optimizer=rate)
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@fault("momentum_too_high", "lr_too_high", least=0.75)
def nesterov_that_never_brakes(sick, seed):
    x, y, held = stripes(seed)
    stack = L.Conv2D(12, 3, activation="relu"), L.MaxPooling2D(), L.Flatten()
    rate = SGD(0.2 if sick else 0.05, momentum=0.9995 if sick else 0.9, nesterov=True)
    model = net((12, 12, 1), *stack, softmax(4), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, {**PLAN, "epochs": 10}, truth.accuracy(*held))


class EachBatch(Callback):
    """Lowers the rate after every batch, by a factor that was meant for an epoch."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def on_train_batch_end(self, batch, logs=None):
        optimizer = self.model.optimizer
        optimizer.learning_rate = float(optimizer.learning_rate) * self.factor


@fault("lr_decay_too_fast", least=0.6)
def decay_of_an_epoch_after_every_batch(sick, seed):
    x, y, held = adding(seed)
    fit = {**PLAN, "epochs": 10, "callbacks": [EachBatch(0.9 if sick else 0.998)]}
    model = net((16, 2), L.GRU(24), L.Dense(1), optimizer=Adam(0.01))
    return Program(model, x, y, held, fit, truth.r2(*held))


@fault("lr_negative", least=0.75)
def straight_line_through_zero(sick, seed):
    x, y, held = groups(seed)
    slope = 2e-3 if sick else 5e-4
    line = keras.callbacks.LearningRateScheduler(lambda epoch: 0.01 - slope * epoch)
    fit = {**PLAN, "epochs": 15, "callbacks": [line]}
    model = net((16,), *dense(48), softmax(5), loss=SPARSE)
    return Program(model, x, y, held, fit, truth.accuracy(*held))


@fault("lr_decay_too_fast", least=0.75)
def exponential_of_the_epoch(sick, seed):
    x, y, held = stripes(seed)
    speed = 4.0 if sick else 0.05
    decay = keras.callbacks.LearningRateScheduler(lambda n: 5e-4 * float(np.exp(-speed * n)))
    fit = {**PLAN, "epochs": 15, "callbacks": [decay]}
    stack = L.Conv2D(12, 3, activation="relu"), L.MaxPooling2D(), L.Flatten()
    model = net((12, 12, 1), *stack, softmax(4), loss=SPARSE)
    return Program(model, x, y, held, fit, truth.accuracy(*held))


@fault("lr_decay_too_fast", least=0.5)
def plateau_that_is_seen_everywhere(sick, seed):
    x, y, held = friedman(seed)
    settings = {"patience": 0, "min_delta": 1.0} if sick else {"patience": 5}
    lower = keras.callbacks.ReduceLROnPlateau("loss", factor=0.1, **settings)
    fit = {**PLAN, "epochs": 20, "callbacks": [lower]}
    model = net((10,), *dense(48), L.Dense(1), optimizer=SGD(2e-3, momentum=0.9))
    return Program(model, x, y, held, fit, truth.r2(*held))


@fault("lr_decay_too_fast", least=0.6)
def inverse_of_the_step_from_the_start(sick, seed):
    x, y, held = demand(seed)
    rate = keras.optimizers.schedules.InverseTimeDecay(0.01, 1, 5.0 if sick else 0.002)
    model = net((24, 1), L.LSTM(16), L.Dense(1), optimizer=Adam(rate))
    return Program(model, x, y, held, {**PLAN, "epochs": 8}, truth.r2(*held))


@fault("lr_too_low", least=0.7)
def warm_up_longer_than_the_training(sick, seed):
    x, y, held = reviews(seed)
    schedules = keras.optimizers.schedules
    rate = schedules.CosineDecay(
        0.0, 10**6, warmup_target=0.005, warmup_steps=10**6 if sick else 30
    )
    inputs, hidden = reader()
    model = graph(inputs, L.Dense(1, activation="sigmoid")(hidden), BINARY, Adam(rate))
    return Program(model, x, y, held, {**PLAN, "epochs": 10}, truth.accuracy(*held))


@fault("lr_too_low", least=0.6)
def wave_of_which_the_mean_is_found(sick, seed):
    random = np.random.RandomState(seed)
    x = random.uniform(-3, 3, (500, 1)).astype("float32")
    x, y, held = split(x, np.sin(1.5 * x) + 0.05 * random.randn(500, 1), seed)
    fit = {"batch_size": 16, "epochs": 60}
    stack = *dense(32, 32, activation="tanh"), L.Dense(1)
    model = net((1,), *stack, optimizer=SGD(1e-4 if sick else 0.1))
    return Program(model, x, y, held, fit, truth.r2(*held))


@fault("no_update", "lr_too_low", least=0.75)
def rate_of_a_whole_division(sick, seed):
    x, y, held = groups(seed)

    def rate(epoch):
        return 0.01 * (epoch // 100) if sick else 0.01 * (1 - epoch / 100)

    fit = {**PLAN, "callbacks": [keras.callbacks.LearningRateScheduler(rate)]}
    model = net((16,), *dense(48), softmax(5), loss=SPARSE)
    return Program(model, x, y, held, fit, truth.accuracy(*held))


@fault("no_update", least=0.75)
def gradients_gathered_without_end(sick, seed):
    x, y, held = shells(seed)
    rate = Adam(0.01, gradient_accumulation_steps=100_000 if sick else 2)
    model = net((4,), *dense(32), softmax(3), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, {**PLAN, "epochs": 15}, truth.accuracy(*held))


@fault("no_update", "wrong_batch_size", least=0.6)
def five_updates_in_all(sick, seed):
    x, y, held = friedman(seed)
    rate = Adam(3e-3, gradient_accumulation_steps=80 if sick else 2)
    model = net((10,), *dense(48), L.Dense(1), optimizer=rate)
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@fault("lr_too_low", "wrong_optimizer", least=0.75)
def epsilon_above_the_gradients(sick, seed):
    x, y, held = groups(seed)
    rate = Adam(3e-3, epsilon=100.0 if sick else 1e-7)
    model = net((16,), *dense(48), softmax(5), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("clip_too_tight", least=0.6)
def recurrent_net_clipped_all_together(sick, seed):
    x, y, held = demand(seed)
    clip = {"global_clipnorm": 1e-4} if sick else {"global_clipnorm": 1.0}
    model = net((24, 1), L.LSTM(16), L.Dense(1), optimizer=SGD(0.1, momentum=0.9, **clip))
    return Program(model, x, y, held, {**PLAN, "epochs": 10}, truth.r2(*held))


@fault("clip_too_tight", least=0.8)
def tones_clipped_to_a_hundred_thousandth(sick, seed):
    x, y, held = sweeps(seed)
    stack = L.Conv1D(24, 5, activation="relu"), L.MaxPooling1D(2), L.Conv1D(24, 5)
    rate = SGD(0.1, momentum=0.9, clipvalue=1e-5 if sick else 0.1)
    model = net((32, 1), *stack, L.ReLU(), L.Flatten(), softmax(3), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("dying_relu", "lr_too_high", least=0.75)
def hot_first_steps_kill_the_units(sick, seed):
    x, y, held = pair(seed)
    hot = 300.0 if sick else 0.1
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([4], [hot, 0.05])
    stack = [*dense(32, 16), L.Dense(1, activation="sigmoid")]
    model = net((12,), *stack, loss=BINARY, optimizer=SGD(rate), metrics=["accuracy"])
    return Program(model, x, y, held, {**PLAN, "epochs": 15}, truth.accuracy(*held))


@fault("lr_too_high", "saturated_activation", least=0.7)
def recurrent_tanh_pushed_to_its_ends(sick, seed):
    x, y, held = tagged(seed)
    rate = SGD(30.0 if sick else 0.3, momentum=0.9)
    reads = L.Bidirectional(L.SimpleRNN(16, return_sequences=True))
    stack = L.Embedding(12, 12, mask_zero=True), reads, softmax(5)
    model = net((12,), *stack, loss=SPARSE, optimizer=rate, dtype="int32")
    score = truth.own(held[0], lambda p: np.mean((p.argmax(-1) == held[1])[held[0] > 0]))
    return Program(model, x, y, held, PLAN, score)


@fault("lr_too_high", least=0.8)
def lion_at_the_rate_of_sgd(sick, seed):
    x, y, held = sweeps(seed)
    stack = L.Conv1D(24, 5, activation="relu"), L.MaxPooling1D(2), L.Conv1D(24, 5)
    rate = keras.optimizers.Lion(0.1 if sick else 1e-3)
    model = net((32, 1), *stack, L.ReLU(), L.Flatten(), softmax(3), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("lr_too_low", "wrong_optimizer", least=0.8)
def ftrl_as_it_comes(sick, seed):
    x, y, held = shapes(seed)
    stack = L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), *dense(32)
    rate = keras.optimizers.Ftrl() if sick else "adam"
    model = net((12, 12, 1), *stack, softmax(4), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))
