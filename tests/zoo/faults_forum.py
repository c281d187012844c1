"""Faults as people ask about them on forums, in forms that the other modules do not have."""

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
    demand,
    dense,
    friedman,
    graph,
    groups,
    net,
    one_hot,
    pair,
    shells,
    speech,
    split,
    spots,
    standard,
)
from zoo.registry import Program, fault

PLAN = {"batch_size": 32, "epochs": 12}
LONG = {"batch_size": 32, "epochs": 25}


def softmax(classes):
    """A head for exclusive classes."""
    return L.Dense(classes, activation="softmax")


def waves(seed, rows=1000):
    """One number and a wave of it around 0, both (n, 1)."""
    random = np.random.RandomState(seed)
    x = random.uniform(-3, 3, (rows, 1))
    y = np.sin(2 * x) + 0.05 * random.randn(rows, 1)
    return split(x.astype("float32"), y.astype("float32"), seed)


def painted(last, loss, seed):
    """A net that marks the spots of a picture, and the data with what is held out."""
    x, _, mask = spots(seed)
    stack = [L.Conv2D(12, 3, padding="same", activation="relu") for _ in range(2)]
    model = net(
        (12, 12, 1),
        *stack,
        L.Conv2D(1, 1, activation=last),
        loss=loss,
        optimizer=Adam(5e-3),
        metrics=["accuracy"],
    )
    return model, (x[175:], mask[175:]), (x[:175], mask[:175])


@fault("wrong_loss", least=0.7)
def percentages_of_a_wave_around_0(sick, seed):
    x, y, held = waves(seed)
    loss = "mean_absolute_percentage_error" if sick else "mse"
    model = net((1,), *dense(32, 32, activation="tanh"), L.Dense(1), loss=loss)
    model.optimizer.learning_rate = 0.01
    return Program(model, x, y, held, LONG, truth.r2(*held))


@fault("wrong_last_activation", least=0.4)
def code_of_standard_columns_behind_a_sigmoid(sick, seed):
    x, _, held = friedman(seed)
    mixed = np.concatenate([x, x @ np.random.RandomState(0).randn(10, 10) / 3], 1)
    held_x = np.concatenate([held[0], held[0] @ np.random.RandomState(0).randn(10, 10) / 3], 1)
    x, held_x = standard(mixed, held_x)
    head = L.Dense(20, activation="sigmoid" if sick else None)
    model = net((20,), *dense(24, 10), *dense(24), head)
    return Program(model, x, x, (held_x, held_x), LONG, truth.r2(held_x, held_x))


@fault("softmax_one_unit")
def pixels_marked_by_a_softmax_of_one(sick, seed):
    model, train, held = painted("softmax" if sick else "sigmoid", BINARY, seed)
    return Program(model, *train, held, PLAN, truth.f1(*held))


@fault("double_softmax", least=-0.6, margin=0.3)
def softmax_as_a_layer_after_softmax(sick, seed):
    x, y, held = groups(seed)
    last = [L.Activation("softmax")] if sick else []
    model = net((16,), *dense(48), softmax(5), *last, loss="categorical_crossentropy")
    coded = held[0], one_hot(held[1], 5)
    return Program(model, x, one_hot(y, 5), coded, LONG, truth.log_likelihood(*held))


def overlap(y_true, y_pred):
    """The share of the marked pixels that both agree on: more is better."""
    both = ops.sum(y_true * y_pred)
    return (2 * both + 1) / (ops.sum(y_true) + ops.sum(y_pred) + 1)


def overlap_missed(y_true, y_pred):
    """One minus the overlap."""
    return 1 - overlap(y_true, y_pred)


@fault("loss_sign")
def overlap_minimised(sick, seed):
    model, train, held = painted("sigmoid", overlap if sick else overlap_missed, seed)
    return Program(model, *train, held, PLAN, truth.f1(*held))


@fault("broadcast_shape", "wrong_output_units", least=0.7)
def every_step_of_the_window_on_its_own(sick, seed):
    x, y, held = demand(seed)
    flat = [] if sick else [L.Flatten()]
    model = net((24, 1), *flat, *dense(32, 16), L.Dense(1))

    def measure(p):
        said = p.reshape(len(p), -1).mean(1, keepdims=True)
        return 1 - np.mean((said - held[1]) ** 2) / held[1].var()

    return Program(model, x, y, held, PLAN, truth.own(held[0], measure))


@fault("constant_input", least=0.7)
def one_column_scaled_to_rows_of_length_one(sick, seed):
    x, y, (held_x, held_y) = waves(seed)
    x, held_x = x + 5, held_x + 5
    if sick:
        x, held_x = (keras.utils.normalize(a, axis=-1).astype("float32") for a in (x, held_x))
    else:
        x, held_x = standard(x, held_x)
    model = net((1,), *dense(32, 32, activation="tanh"), L.Dense(1), optimizer=Adam(0.01))
    return Program(model, x, y, (held_x, held_y), LONG, truth.r2(held_x, held_y))


@fault("label_mapping_mismatch")
def classes_numbered_anew_where_one_is_missing(sick, seed):
    x, y, (held_x, held_y) = groups(seed, 1200, 6)
    there = held_y != 2
    held_x, held_y = held_x[there], held_y[there]
    given = np.unique(held_y, return_inverse=True)[1].astype("int32") if sick else held_y
    model = net((16,), *dense(48), softmax(6), loss=SPARSE, metrics=["accuracy"])
    held = held_x, given
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


def couples(seed, rows=1200):
    """Two rows, and whether the second is a noisy copy of the first."""
    random = np.random.RandomState(seed)
    first, same = random.randn(rows, 8), random.randint(0, 2, (rows, 1))
    other = np.where(same == 1, first + 0.3 * random.randn(rows, 8), random.randn(rows, 8))
    return first.astype("float32"), other.astype("float32"), same.astype("float32")


@fault("data_label_misaligned", least=0.8)
def one_half_of_the_couples_shuffled(sick, seed):
    first, other, same = couples(seed)
    held = [first[:250], other[:250]], same[:250]
    first, other, same = first[250:], other[250:], same[250:]
    if sick:
        other = other[np.random.RandomState(seed).permutation(len(other))]
    a, b = keras.Input((8,)), keras.Input((8,))
    head = L.Dense(1, activation="sigmoid")(L.Dense(32, activation="relu")(ops.abs(a - b)))
    model = graph([a, b], head, BINARY, Adam(5e-3))
    return Program(model, [first, other], same, held, PLAN, truth.accuracy(*held))


@fault("augmentation_label_mismatch")
def slopes_turned_over_keep_their_label(sick, seed):
    random = np.random.RandomState(seed)
    up = random.randint(0, 2, (800, 1))
    rise = (2 * up - 1) * np.linspace(0, 1, 24) * random.uniform(0.5, 1.5, (800, 1))
    x = (rise + 0.4 * random.randn(800, 24)).astype("float32")[..., None]
    x, y, held = split(x, up.astype("float32"), seed)
    x, y = np.concatenate([x, -x]), np.concatenate([y, y if sick else 1 - y])
    order = random.permutation(len(x))
    stack = L.Conv1D(12, 5, activation="relu"), L.MaxPooling1D(), L.Flatten()
    model = net((24, 1), *stack, L.Dense(1, activation="sigmoid"), loss=BINARY)
    return Program(model, x[order], y[order], held, PLAN, truth.accuracy(*held))


@fault("input_preprocessing_mismatch")
def red_and_blue_swapped_in_validation(sick, seed):
    random = np.random.RandomState(seed)
    y = random.randint(0, 3, 900).astype("int32")
    colours = np.array([[0.8, 0.3, 0.1], [0.3, 0.7, 0.3], [0.1, 0.3, 0.8]])[y]
    x = 0.25 * random.rand(900, 8, 8, 3)
    x[:, 2:6, 2:6] += (colours * random.uniform(0.4, 0.9, (900, 1)))[:, None, None]
    x, y, (held_x, held_y) = split(x.astype("float32"), y, seed)
    held = (held_x[..., ::-1].copy() if sick else held_x), held_y
    stack = L.Conv2D(12, 3, activation="relu"), L.GlobalAveragePooling2D()
    model = net((8, 8, 3), *stack, *dense(16), softmax(3), loss=SPARSE, optimizer=Adam(0.01))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("wrong_metric", least=-0.1, margin=0.3)
def accuracy_as_exact_equality(sick, seed):
    x, y, held = pair(seed)
    kind = keras.metrics.Accuracy if sick else keras.metrics.BinaryAccuracy
    model = net(
        (12,), *dense(32), L.Dense(1, activation="sigmoid"), loss=BINARY,
        metrics=[kind(name="right")],
    )  # fmt: skip
    score = truth.honest("val_right", truth.accuracy(*held))
    return Program(model, x, y, held, PLAN, score)


class Step(L.Layer):
    """1 above 0, 0 below: no slope anywhere."""

    def call(self, inputs):
        return ops.cast(inputs > 0, "float32")


@fault("gradient_blocked", least=0.7)
def hidden_units_that_fire_or_not(sick, seed):
    x, y, held = shells(seed)
    model = net((4,), L.Dense(12), Step() if sick else L.ReLU(), softmax(3), loss=SPARSE)
    model.optimizer.learning_rate = 0.01
    return Program(model, x, y, held, LONG, truth.accuracy(*held))


class Normalised(keras.Model):
    """A classifier of its own class that may tell its normalisation to train for ever."""

    def __init__(self, classes, *, always):
        super().__init__()
        self.always, self.norm = always, L.BatchNormalization(momentum=0.9)
        self.first, self.last = L.Dense(48), softmax(classes)

    def call(self, inputs, training=None):
        told = True if self.always else training
        return self.last(ops.relu(self.norm(self.first(inputs), training=told)))


@fault("train_mode_at_inference", "batch_mixing", least=0.75)
def own_model_that_normalises_by_each_batch(sick, seed):
    x, y, held = groups(seed)
    model = Normalised(5, always=sick)
    model.compile(Adam(3e-3), SPARSE, metrics=["accuracy"])
    order = np.argsort(held[1], kind="stable")
    return Program(model, x, y, held, PLAN, truth.accuracy(held[0][order], held[1][order]))


class OwnAttention(L.Layer):
    """Attention with a mask of its own, of the past or, upside down, of the future."""

    def __init__(self, size, *, future, **settings):
        super().__init__(**settings)
        self.size, self.future = size, future
        self.query, self.key, self.value = L.Dense(size), L.Dense(size), L.Dense(size)

    def build(self, shape):
        for part in (self.query, self.key, self.value):
            part.build(shape)

    def call(self, inputs):
        scores = ops.matmul(self.query(inputs), ops.transpose(self.key(inputs), (0, 2, 1)))
        seen = ops.tril(ops.ones((inputs.shape[1], inputs.shape[1])))
        seen = ops.transpose(seen) if self.future else seen
        scores = scores / self.size**0.5 - 1e9 * (1 - seen)
        return ops.matmul(ops.softmax(scores, axis=-1), self.value(inputs))


@fault("autoregressive_leakage", least=0.4)
def attention_mask_upside_down(sick, seed):
    s, held = speech(seed)
    inputs = keras.Input((12,), dtype="int32")
    hidden = L.Embedding(16, 32)(inputs)
    hidden = L.LayerNormalization()(hidden + OwnAttention(32, future=sick)(hidden))
    hidden = hidden + L.Dense(32)(L.Dense(64, activation="relu")(hidden))
    model = graph(inputs, softmax(16)(hidden), SPARSE)
    x, y = held[:, :-1], held[:, 1:]

    def score(model):
        right = []
        for t in (4, 7, 10):  # what comes later is not known yet
            known = np.where(np.arange(12) <= t, x, 0).astype("int32")
            right.append(np.mean(model.predict(known, verbose=0)[:, t].argmax(-1) == y[:, t]))
        return float(np.mean(right))

    return Program(model, s[:, :-1], s[:, 1:], (x, y), LONG, score)


class Stack(keras.Model):
    """A class of one's own, as tutorials write it: the activation is left to the call."""

    def __init__(self, between):
        super().__init__()
        self.hidden = [L.Dense(32), L.Dense(32)]
        self.head = L.Dense(3, activation="softmax")
        self.between = between

    def call(self, x):
        for layer in self.hidden:
            x = self.between(layer(x))
        return self.head(x)


@fault("missing_activation", least=0.75)
def own_model_whose_call_forgets_the_activation(sick, seed):
    x, y, held = shells(seed)
    model = Stack(keras.activations.linear if sick else keras.activations.relu)
    model.compile(Adam(0.01), SPARSE, metrics=["accuracy"])
    return Program(model, x, y, held, LONG, truth.accuracy(*held))
