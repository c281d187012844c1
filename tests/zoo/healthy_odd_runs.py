"""Healthy trainings whose curves look odd: restarts, swings, plateaus, late drops, rises."""

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
    pair,
    patches,
    reviews,
    shapes,
    shells,
    speech,
    split,
    stripes,
    sweeps,
)
from zoo.registry import Program, healthy

PLAN = {"batch_size": 32, "epochs": 15}
schedules = keras.optimizers.schedules
Scheduler = keras.callbacks.LearningRateScheduler


def softmax(classes):
    """A head for exclusive classes."""
    return L.Dense(classes, activation="softmax")


def filters(classes=4, width=12):
    """A small convnet's layers."""
    return (
        L.Conv2D(width, 3, activation="relu"),
        L.MaxPooling2D(),
        L.Flatten(),
        softmax(classes),
    )


# -- rates that go their own ways


@healthy(least=0.8)
def warm_restarts(seed):
    x, y, held = stripes(seed)
    rate = schedules.CosineDecayRestarts(0.1, 34, t_mul=2.0, m_mul=0.8)
    rate = SGD(rate, momentum=0.9)
    model = net((12, 12, 1), *filters(), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy(least=0.75)
def rate_up_and_down_by_the_epoch(seed):
    x, y, held = groups(seed)
    cycle = Scheduler(lambda epoch: 1e-3 * 10 ** (1 - abs(epoch % 6 - 3) / 3))
    model = net((16,), *dense(48), softmax(5), loss=SPARSE)
    fit = {**PLAN, "epochs": 18, "callbacks": [cycle]}
    return Program(model, x, y, held, fit, truth.accuracy(*held))


class OneCycle(schedules.LearningRateSchedule):
    """Up to a peak in a third of the way, then down to nearly nothing."""

    def __init__(self, peak, total):
        self.peak, self.total = peak, total

    def __call__(self, step):
        share = ops.cast(step, "float32") / self.total
        return self.peak * ops.maximum(ops.minimum(3 * share, 1.5 * (1 - share)), 1e-4)

    def get_config(self):
        return {"peak": self.peak, "total": self.total}


@healthy(least=0.6)
def one_cycle_of_a_high_rate(seed):
    x, y, held = friedman(seed)
    rate = SGD(OneCycle(0.08, 20 * 22), momentum=0.9)
    model = net((10,), *dense(48), L.Dense(1), optimizer=rate)
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@healthy(least=0.7)
def warm_up_and_root_decay_of_attention(seed):
    x, y, held = reviews(seed)
    inputs = keras.Input((20,), dtype="int32")
    hidden = L.Embedding(80, 16)(inputs)
    hidden = L.LayerNormalization()(hidden + L.MultiHeadAttention(2, 8)(hidden, hidden))
    head = L.Dense(1, activation="sigmoid")(L.GlobalAveragePooling1D()(hidden))

    class Root(schedules.LearningRateSchedule):
        def __call__(self, step):
            step = ops.cast(step, "float32") + 1
            return 0.08 * ops.minimum(1 / ops.sqrt(step), step / 40**1.5)

        def get_config(self):
            return {}

    model = graph(inputs, head, BINARY, Adam(Root()), metrics=["accuracy"])
    return Program(model, x, y, held, {**PLAN, "epochs": 10}, truth.accuracy(*held))


@healthy(least=0.8)
def one_late_drop_of_the_rate(seed):
    x, y, held = shapes(seed)
    drop = Scheduler(lambda epoch: 0.1 if epoch < 9 else 0.005)
    model = net((12, 12, 1), *filters(width=16), loss=SPARSE, optimizer=SGD(momentum=0.9))
    return Program(model, x, y, held, {**PLAN, "callbacks": [drop]}, truth.accuracy(*held))


@healthy(least=0.75)
def lion_and_its_signs(seed):
    x, y, held = groups(seed)
    rate = keras.optimizers.Lion(2e-3, weight_decay=0.1)
    model = net((16,), *dense(48), softmax(5), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


# -- losses that swing or jitter


@keras.saving.register_keras_serializable("zoo")
class Reversed(L.Layer):
    """Passes on what it gets and turns the gradient round."""

    def call(self, h):
        return -h + ops.stop_gradient(2 * h)


@healthy(least=0.7)
def two_players_against_each_other(seed):
    x, y, held = groups(seed)
    side = (x[:, 0] > 0).astype("float32")[:, None]  # what must not be told from the code
    inputs = keras.Input((16,))
    code = L.Dense(24, activation="tanh")(inputs)
    right = L.Dense(5, activation="softmax", name="right")(code)
    rival = L.Dense(16, activation="relu")(Reversed()(code))
    rival = L.Dense(1, activation="sigmoid", name="rival")(rival)
    model = keras.Model(inputs, {"right": right, "rival": rival})
    losses = {"right": SPARSE, "rival": BINARY}
    model.compile(Adam(5e-3), losses, loss_weights={"right": 1.0, "rival": 0.5})
    seen = (held[0][:, 0] > 0).astype("float32")[:, None]
    score = truth.own(held[0], lambda p: np.mean(p["right"].argmax(-1) == held[1]))
    shown = held[0], {"right": held[1], "rival": seen}
    return Program(model, x, {"right": y, "rival": side}, shown, PLAN, score)


@healthy(least=0.7)
def two_rows_at_a_time(seed):
    x, y, held = groups(seed, 400)
    rate = SGD(0.02, momentum=0.5)
    model = net((16,), *dense(32), softmax(5), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, {"batch_size": 2, "epochs": 8}, truth.accuracy(*held))


class Fresh(keras.utils.PyDataset):
    """Batches whose targets get other noise each time."""

    def __init__(self, x, y, noise, size=32):
        super().__init__()
        self.x, self.y, self.noise, self.size = x, y, noise, size
        self.random = np.random.RandomState(0)

    def __len__(self):
        return -(-len(self.x) // self.size)

    def __getitem__(self, i):
        rows = slice(i * self.size, (i + 1) * self.size)
        y = self.y[rows] + self.noise * self.random.randn(*self.y[rows].shape)
        return self.x[rows], y.astype("float32")


@healthy(least=0.4)
def targets_under_fresh_noise(seed):
    x, y, held = friedman(seed)
    model = net((10,), *dense(32), L.Dense(1), optimizer=Adam(3e-3))
    rows = Fresh(x, y, 1.5)
    return Program(model, rows, None, held, {"epochs": 20}, truth.r2(*held))


@healthy(least=0.75)
def batch_norm_over_four_rows(seed):
    x, y, held = groups(seed, 500)
    stack = L.Dense(32), L.BatchNormalization(momentum=0.95), L.ReLU()
    model = net((16,), *stack, softmax(5), loss=SPARSE, optimizer=Adam(2e-3))
    return Program(model, x, y, held, {"batch_size": 4, "epochs": 10}, truth.accuracy(*held))


@healthy(least=0.1)
def little_to_learn_and_much_noise(seed):
    x, y, held = friedman(seed, 1200, noise=8.0)
    decay = keras.regularizers.L2(0.003)
    hidden = dense(12, kernel_regularizer=decay)
    model = net((10,), *hidden, L.Dense(1), optimizer=Adam(2e-3))
    return Program(model, x, y, held, {**PLAN, "epochs": 12}, truth.r2(*held))


@healthy(least=0.7)
def heavy_dropout_below_its_validation(seed):
    x, y, held = stripes(seed)
    stack = L.Conv2D(24, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), L.Dropout(0.5)
    smooth = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    model = net((12, 12, 1), *stack, *dense(48), L.Dropout(0.5), softmax(4), loss=smooth)
    y, shown = np.eye(4, dtype="float32")[y], (held[0], np.eye(4, dtype="float32")[held[1]])
    return Program(model, x, y, shown, {**PLAN, "epochs": 20}, truth.accuracy(*held))


# -- plateaus, late drops, rises


@healthy(least=0.8)
def parity_after_a_long_plateau(seed):
    random = np.random.RandomState(seed)
    x = random.choice([-1.0, 1.0], (1200, 8)).astype("float32")
    y = (x[:, :3].prod(1) > 0).astype("float32")[:, None]
    x, y, held = split(x, y, seed)
    hidden = dense(32, activation="tanh", kernel_initializer="glorot_normal")
    head = L.Dense(1, activation="sigmoid")
    model = net((8,), *hidden, head, loss=BINARY, optimizer=SGD(0.1, momentum=0.9))
    return Program(model, x, y, held, {**PLAN, "epochs": 40}, truth.accuracy(*held))


@healthy(least=0.8)
def known_by_heart_long_before_understood(seed):
    random = np.random.RandomState(seed)
    x = random.choice([-1.0, 1.0], (900, 16)).astype("float32")
    y = (x[:, :2].prod(1) > 0).astype("float32")[:, None]
    x, y, held = split(x, y, seed, share=0.5)
    head = L.Dense(1, activation="sigmoid")
    rate = keras.optimizers.AdamW(0.01, weight_decay=0.3)
    model = net((16,), *dense(64), head, loss=BINARY, optimizer=rate)
    return Program(model, x, y, held, {**PLAN, "epochs": 40}, truth.accuracy(*held))


@healthy(least=0.6)
def memory_found_after_a_plateau(seed):
    x, y, held = adding(seed, 1000, length=20)
    model = net((20, 2), L.LSTM(24), L.Dense(1), optimizer=Adam(8e-3))
    return Program(model, x, y, held, {**PLAN, "epochs": 25}, truth.r2(*held))


class Harder(keras.utils.PyDataset):
    """Noisier pictures from epoch to epoch: the loss rises while the net learns."""

    def __init__(self, x, y, size=32):
        super().__init__()
        self.x, self.y, self.size, self.noise = x, y, size, 0.0
        self.random = np.random.RandomState(0)

    def __len__(self):
        return -(-len(self.x) // self.size)

    def __getitem__(self, i):
        rows = slice(i * self.size, (i + 1) * self.size)
        x = self.x[rows] + self.noise * self.random.randn(*self.x[rows].shape)
        return x.astype("float32"), self.y[rows]

    def on_epoch_end(self):
        self.noise = min(self.noise + 0.008, 0.12)


@healthy(least=0.8)
def lessons_that_grow_harder(seed):
    x, y, held = shapes(seed, noise=0.1)
    model = net((12, 12, 1), *filters(width=16), loss=SPARSE, metrics=["accuracy"])
    return Program(model, Harder(x, y), None, held, {"epochs": 25}, truth.accuracy(*held))


class Tie(L.Layer):
    """Adds a penalty on the code whose weight a callback raises while training."""

    def __init__(self):
        super().__init__()
        self.share = self.add_weight(name="share", shape=(), trainable=False)

    def call(self, code):
        self.add_loss(self.share * ops.mean(ops.square(code)))
        return code


class Raise(keras.callbacks.Callback):
    """Raises the weight of the penalty from epoch to epoch."""

    def __init__(self, tie, most):
        super().__init__()
        self.tie, self.most = tie, most

    def on_epoch_begin(self, epoch, logs=None):
        self.tie.share.assign(min(self.most, self.most * epoch / 10))


@healthy(least=0.5)
def penalty_that_is_raised_slowly(seed):
    x, held = patches(seed)
    mean = x.mean()
    x, held = x - mean, held - mean
    tie = Tie()
    model = net((64,), *dense(48), L.Dense(12), tie, *dense(48), L.Dense(64))
    fit = {**PLAN, "epochs": 25, "callbacks": [Raise(tie, 1e-3)]}
    return Program(model, x, x, (held, held), fit, truth.r2(held, held))


@healthy(least=0.9)
def at_its_floor_from_the_second_epoch(seed):
    random = np.random.RandomState(seed)
    x = random.normal(size=(3000, 6)).astype("float32")
    y = (x @ random.normal(size=(6, 1)) + 0.1 * random.normal(size=(3000, 1))).astype("float32")
    x, y, held = split(x, y, seed)
    model = net((6,), L.Dense(1), optimizer=SGD(0.05))
    return Program(model, x, y, held, PLAN, truth.r2(*held))


@healthy(least=0.75)
def trained_a_second_time(seed):
    x, y, held = groups(seed)
    model = net((16,), *dense(48), softmax(5), loss=SPARSE, optimizer=Adam(3e-3))
    model.fit(x, y, batch_size=32, epochs=12, verbose=0)
    return Program(model, x, y, held, {**PLAN, "epochs": 5}, truth.accuracy(*held))


# -- odd steps


@healthy(least=0.75)
def overflow_that_loss_scaling_mends(seed):
    x, y, held = groups(seed)
    half = {"dtype": "mixed_float16"}
    scaled = keras.optimizers.LossScaleOptimizer(Adam(5e-3), initial_scale=2.0**24)
    hidden = dense(48, **half)
    model = net((16,), *hidden, softmax(5), loss=SPARSE, optimizer=scaled)
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.accuracy(*held))


@healthy(least=0.75)
def whole_set_a_step_for_many_epochs(seed):
    x, y, held = groups(seed, 600)
    model = net((16,), *dense(48), softmax(5), loss=SPARSE, optimizer=Adam(0.02))
    return Program(model, x, y, held, {"batch_size": 450, "epochs": 120}, truth.accuracy(*held))


@healthy(least=0.6)
def large_gradients_clipped_to_one(seed):
    x, y, held = demand(seed)
    y, held = 20 * y, (held[0], 20 * held[1])
    out = L.Rescaling(20.0)
    rate = SGD(0.02, momentum=0.9, clipnorm=1.0)
    model = net((24, 1), L.LSTM(16), L.Dense(1), out, optimizer=rate)
    return Program(model, x, y, held, {"batch_size": 16, "epochs": 15}, truth.r2(*held))


@healthy(least=0.75)
def gradients_of_four_batches_together(seed):
    x, y, held = shells(seed)
    rate = Adam(0.01, gradient_accumulation_steps=4)
    model = net((4,), *dense(48), softmax(3), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, {"batch_size": 8, "epochs": 20}, truth.accuracy(*held))


@healthy(least=0.75)
def weights_averaged_as_they_go(seed):
    x, y, held = sweeps(seed)
    stack = L.Conv1D(24, 5, activation="relu"), L.MaxPooling1D(2), L.Conv1D(24, 5)
    rate = Adam(3e-3, use_ema=True, ema_momentum=0.95)
    model = net((32, 1), *stack, L.ReLU(), L.Flatten(), softmax(3), loss=SPARSE, optimizer=rate)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy(least=0.7)
def weights_kept_at_length_one(seed):
    x, y, held = groups(seed)
    unit = keras.constraints.UnitNorm(axis=0)
    hidden = dense(48, kernel_constraint=unit)
    stack = *hidden, L.UnitNormalization(), L.Dense(5, kernel_constraint=unit, use_bias=False)
    model = net((16,), *stack, L.Rescaling(8.0), L.Softmax(), loss=SPARSE, optimizer=Adam(0.01))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy(least=0.75)
def stopped_and_put_back_to_its_best(seed):
    x, y, held = pair(seed, 500)
    stop = keras.callbacks.EarlyStopping("val_loss", patience=4, restore_best_weights=True)
    model = net((12,), *dense(64, 64), L.Dense(1, activation="sigmoid"), loss=BINARY)
    fit = {**PLAN, "epochs": 40, "callbacks": [stop]}
    return Program(model, x, y, held, fit, truth.accuracy(*held))


@healthy(least=0.6)
def next_word_with_a_loss_below_what_it_was(seed):
    """A net of words at a rate that jitters; its floor is high, as a word in eight is noise."""
    s, unseen = speech(seed)
    stack = L.Embedding(16, 16), L.GRU(24, return_sequences=True), softmax(16)
    model = net((12,), *stack, loss=SPARSE, optimizer=Adam(0.02), dtype="int32")
    held = unseen[:, :-1], unseen[:, 1:]
    score = truth.own(held[0], lambda p: np.mean((p.argmax(-1) == held[1])[:, 2:]) / 0.88)
    return Program(model, s[:, :-1], s[:, 1:], held, {**PLAN, "epochs": 12}, score)
