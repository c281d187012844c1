"""Faults of the network: what it is made of, how it starts, what it lets through."""

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
    dense,
    fraud,
    friedman,
    graph,
    groups,
    impedance,
    net,
    pair,
    patches,
    reviews,
    shapes,
    shells,
    standard,
    stripes,
    sweeps,
    tagged,
)
from zoo.registry import Program, fault

PLAN = {"batch_size": 32, "epochs": 12}
Constant, Normal = keras.initializers.Constant, keras.initializers.RandomNormal


def softmax(classes, **settings):
    """A head for exclusive classes."""
    return L.Dense(classes, activation="softmax", **settings)


@fault("missing_activation", least=0.6)
def hidden_layers_without_activation(sick, seed):
    x, y, held = shells(seed, 900)
    hidden = dense(48, 48, 24, activation=None if sick else "relu")
    model = net((4,), *hidden, softmax(3), loss=SPARSE, metrics=["accuracy"])
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.accuracy(*held))


@fault("missing_activation", least=0.8)
def convolutions_without_activation(sick, seed):
    x, y, held = stripes(seed)
    act = None if sick else "relu"
    stack = L.Conv2D(12, 3, activation=act), L.Conv2D(16, 3, activation=act)
    head = L.GlobalAveragePooling2D(), softmax(4)
    model = net((12, 12, 1), *stack, *head, loss=SPARSE, optimizer=Adam(0.01))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("dying_relu", "bad_init", least=0.75)
def biases_far_below_zero(sick, seed):
    x, y, held = groups(seed)
    hidden = dense(48, 24, bias_initializer=Constant(-6.0 if sick else 0.0))
    model = net((16,), *hidden, softmax(5), loss=SPARSE, optimizer=SGD(0.05))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("dying_relu", "lr_too_high", least=0.75)
def first_steps_kill_the_units(sick, seed):
    x, y, held = friedman(seed)
    level = 60.0 if sick else 0.0
    y, held = y + level, (held[0], held[1] + level)
    model = net((10,), *dense(32, 16), L.Dense(1), optimizer=SGD(0.05))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@fault("vanishing_gradient", least=0.75)
def ten_sigmoid_layers(sick, seed):
    x, y, held = groups(seed)
    hidden = dense(*[24] * (10 if sick else 2), activation="sigmoid")
    model = net((16,), *hidden, softmax(5), loss=SPARSE, optimizer=Adam(0.01))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.accuracy(*held))


@fault("vanishing_gradient", "bad_init", least=0.6)
def narrow_start_in_a_deep_tanh_net(sick, seed):
    x, y, held = friedman(seed)
    start = Normal(stddev=0.01, seed=seed) if sick else "glorot_uniform"
    hidden = dense(*[32] * 6, activation="tanh", kernel_initializer=start)
    model = net((10,), *hidden, L.Dense(1), optimizer=SGD(0.05))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@fault("vanishing_gradient", least=0.7)
def sigmoid_convolutions(sick, seed):
    x, y, held = shapes(seed)
    act = "sigmoid" if sick else "relu"
    stack = [L.Conv2D(12, 3, padding="same", activation=act) for _ in range(6 if sick else 2)]
    head = L.Flatten(), softmax(4)
    model = net((12, 12, 1), *stack, *head, loss=SPARSE, optimizer=SGD(0.05, momentum=0.9))
    return Program(model, x, y, held, {**PLAN, "epochs": 8}, truth.accuracy(*held))


@fault("exploding_nan", "bad_init", least=0.5)
def wide_start_in_a_deep_net(sick, seed):
    x, y, held = friedman(seed)
    start = Normal(stddev=1.5 if sick else 0.2, seed=seed)
    hidden = dense(*[48] * 5, kernel_initializer=start)
    model = net((10,), *hidden, L.Dense(1), optimizer=SGD(0.01))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


class Standardised(L.Layer):
    """Divides by each row's own deviation, which is 0 for some."""

    def __init__(self, floor):
        super().__init__()
        self.floor = floor

    def call(self, x):
        return (x - ops.mean(x, -1, keepdims=True)) / (
            ops.std(x, -1, keepdims=True) + self.floor
        )


@fault("exploding_nan", least=0.75)
def division_by_a_deviation_of_zero(sick, seed):
    x, y, held = groups(seed)
    x = x.copy()
    x[::50] = 1.0
    stack = Standardised(0.0 if sick else 1e-3), *dense(32)
    model = net((16,), *stack, softmax(5), loss=SPARSE)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("saturated_activation", "bad_init", least=0.75)
def tanh_units_pinned_from_the_start(sick, seed):
    x, y, held = groups(seed)
    start = Normal(stddev=25.0, seed=seed) if sick else "glorot_uniform"
    hidden = dense(32, 32, activation="tanh", kernel_initializer=start)
    model = net((16,), *hidden, softmax(5), loss=SPARSE)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("saturated_activation", "unnormalized_input", least=0.5)
def sigmoid_units_fed_hundreds(sick, seed):
    x, y, held = impedance(seed)
    y, held = (y - y.mean()) / y.std(), (held[0], (held[1] - y.mean()) / y.std())
    if not sick:
        a, b = standard(x, held[0])
        x, held = a, (b, held[1])
    model = net((4,), *dense(40, activation="sigmoid"), L.Dense(1), optimizer=Adam(0.02))
    return Program(model, x, y, held, {**PLAN, "epochs": 25}, truth.r2(*held))


@fault("bad_init", least=0.75)
def all_weights_one(sick, seed):
    x, y, held = groups(seed)
    start = "ones" if sick else "he_normal"
    hidden = dense(32, 32, kernel_initializer=start)
    model = net((16,), *hidden, softmax(5), loss=SPARSE)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("bad_init", least=0.7)
def all_weights_zero(sick, seed):
    x, y, held = shells(seed, 900)
    start = "zeros" if sick else "glorot_uniform"
    hidden = dense(32, 16, activation="tanh", kernel_initializer=start)
    head = softmax(3, kernel_initializer=start)
    model = net((4,), *hidden, head, loss=SPARSE, optimizer=Adam(0.01))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.accuracy(*held))


@fault("bad_output_bias_init", least=0.7)
def bias_of_the_output_far_off(sick, seed):
    x, y, held = fraud(seed)
    head = L.Dense(1, activation="sigmoid", bias_initializer=Constant(12.0 if sick else -2.7))
    model = net((12,), *dense(24), head, loss=BINARY, optimizer=Adam(2e-3))
    return Program(model, x, y, held, {"batch_size": 32, "epochs": 10}, truth.balanced(*held))


@fault("bad_output_bias_init", least=0.6)
def first_guess_a_hundred_deviations_off(sick, seed):
    x, y, held = friedman(seed)
    head = L.Dense(1, bias_initializer=Constant(100.0 if sick else 0.0))
    model = net((10,), *dense(32), head, loss="mae")
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@fault("too_deep_narrow", "dying_relu", least=0.75)
def thirty_layers_of_two_units(sick, seed):
    x, y, held = shells(seed, 900)
    hidden = dense(*([2] * 30 if sick else [32, 32]))
    model = net((4,), *hidden, softmax(3), loss=SPARSE, optimizer=Adam(0.01))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("too_deep_narrow", least=0.6)
def deep_and_narrow_sines(sick, seed):
    x, y, held = friedman(seed)
    hidden = dense(*([3] * 16 if sick else [32, 32]), activation="relu")
    model = net((10,), *hidden, L.Dense(1), optimizer=Adam(5e-3))
    return Program(model, x, y, held, PLAN, truth.r2(*held))


@fault("insufficient_capacity", least=0.8)
def one_hidden_unit(sick, seed):
    x, y, held = groups(seed)
    model = net((16,), *dense(1 if sick else 32), softmax(5), loss=SPARSE, optimizer=Adam(0.01))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.accuracy(*held))


@fault("insufficient_capacity", least=0.42)
def code_of_one_number(sick, seed):
    x, held = (a - a.mean(1, keepdims=True) for a in patches(seed))
    code = L.Dense(1 if sick else 16, name="code")
    model = net((64,), *dense(64), code, *dense(64), L.Dense(64))
    score = truth.r2(held, held)
    return Program(model, x, x, (held, held), {**PLAN, "epochs": 20}, score)


@fault("frozen_layers", least=0.8)
def random_layers_frozen(sick, seed):
    x, y, held = shapes(seed)
    stack = L.Conv2D(8, 3, strides=2, activation="relu"), L.Conv2D(8, 3, activation="relu")
    model = keras.Sequential(
        [keras.Input((12, 12, 1)), *stack, L.Flatten(), *dense(12), softmax(4)]
    )
    for layer in model.layers[:-1]:
        layer.trainable = not sick
    model.compile(Adam(5e-3), SPARSE, metrics=["accuracy"])
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("frozen_layers", least=0.7)
def everything_frozen_but_a_bias(sick, seed):
    x, y, held = friedman(seed)
    model = net((10,), *dense(32), L.Dense(1), optimizer=Adam(0.01))
    if sick:
        model.trainable = False
        model.compile(Adam(0.01), "mse")
    return Program(model, x, y, held, PLAN, truth.r2(*held))


@fault("gradient_blocked", least=0.8)
def rounded_in_the_middle(sick, seed):
    x, y, held = groups(seed, features=16, classes=5)
    inputs = keras.Input((16,))
    hidden = L.Dense(10, activation="sigmoid")(L.Dense(16, activation="relu")(inputs))
    hidden = ops.round(hidden) if sick else hidden
    model = graph(inputs, softmax(5)(hidden), SPARSE, Adam(0.01))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("gradient_blocked", least=0.75)
def embedding_behind_a_stop(sick, seed):
    x, y, held = reviews(seed)
    inputs = keras.Input((20,), dtype="int32")
    words = L.Embedding(80, 3)(inputs)
    words = ops.stop_gradient(words) if sick else words
    hidden = L.GRU(8)(L.Conv1D(8, 2, activation="relu")(words))
    outputs = L.Dense(1, activation="sigmoid")(hidden)
    model = graph(inputs, outputs, BINARY, Adam(0.01))
    return Program(model, x, y, held, {**PLAN, "epochs": 8}, truth.accuracy(*held))


@fault("gradient_blocked", least=0.8)
def largest_index_as_a_feature(sick, seed):
    x, y, held = sweeps(seed)
    inputs = keras.Input((32, 1))
    hidden = L.Conv1D(12, 5, activation="relu")(inputs)
    if sick:
        hidden = ops.cast(ops.argmax(hidden, 1), "float32") / 28
    else:
        hidden = L.GlobalAveragePooling1D()(L.Conv1D(24, 5, activation="relu")(hidden))
        hidden = L.Concatenate()([hidden, L.Flatten()(L.AveragePooling1D(4)(inputs))])
    hidden = L.Dense(32, activation="relu")(hidden)
    model = graph(inputs, softmax(3)(hidden), SPARSE, Adam(0.01))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("dropout_after_output", least=0.7)
def dropout_on_the_probabilities(sick, seed):
    x, y, held = groups(seed)
    drop = L.Dropout(0.5)
    stack = [*dense(32), softmax(5), drop] if sick else [*dense(32), drop, softmax(5)]
    model = net((16,), *stack, loss=SPARSE, metrics=["accuracy"])
    score = truth.log_likelihood(*held)
    return Program(model, x, y, held, PLAN, lambda m: 1.3 + score(m))


@fault("dropout_after_output", least=0.6)
def dropout_on_the_estimate(sick, seed):
    x, y, held = friedman(seed)
    y, held = y + 3, (held[0], held[1] + 3)
    last = [L.Dropout(0.4)] if sick else []
    model = net((10,), *dense(48), L.Dense(1), *last)
    return Program(model, x, y, held, {**PLAN, "epochs": 25}, truth.r2(*held))


class Noisy(L.Layer):
    """Noise that never stops, or stops when predicting."""

    def __init__(self, always):
        super().__init__()
        self.always, self.seed = always, keras.random.SeedGenerator(3)

    def call(self, x, training=False):
        noise = keras.random.normal(ops.shape(x), 0.0, 1.5, seed=self.seed)
        return x + noise if self.always or training else x


@fault("train_mode_at_inference", least=0.75, margin=0.08)
def noise_that_never_stops(sick, seed):
    x, y, held = groups(seed)
    model = net(
        (16,), *dense(24, activation="tanh"), Noisy(sick), *dense(16), softmax(5), loss=SPARSE
    )
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.accuracy(*held))


class Forced(keras.Model):
    """Calls its normalisation in training mode for ever."""

    def __init__(self, forced):
        super().__init__()
        self.forced = forced
        self.hidden, self.norm = L.Dense(48, use_bias=False), L.BatchNormalization()
        self.head = softmax(5)

    def call(self, x, training=False):
        mode = True if self.forced else training
        return self.head(ops.relu(self.norm(self.hidden(x), training=mode)))


@fault("train_mode_at_inference", "batch_mixing", least=0.75)
def batch_statistics_for_ever(sick, seed):
    x, y, held = groups(seed)
    model = Forced(sick)
    model.compile(Adam(5e-3), SPARSE, metrics=["accuracy"])
    order = np.argsort(held[1], kind="stable")
    score = truth.accuracy(held[0][order], held[1][order])
    return Program(model, x, y, held, PLAN, score)


@fault("bn_stale_statistics", least=0.65)
def statistics_that_hardly_move(sick, seed):
    x, y, held = shapes(seed)
    norm = L.BatchNormalization(momentum=0.9999 if sick else 0.8)
    stack = L.Conv2D(12, 3, use_bias=False), norm, L.ReLU(), L.MaxPooling2D(), L.Flatten()
    model = net((12, 12, 1), *stack, softmax(4), loss=SPARSE, metrics=["accuracy"])
    held = 4 * held[0] + 3, held[1]
    score = truth.log_likelihood(*held)
    return Program(model, 4 * x + 3, y, held, {**PLAN, "epochs": 9}, lambda m: 1 + score(m))


@fault("bn_stale_statistics", least=0.5)
def two_epochs_for_slow_statistics(sick, seed):
    x, y, held = impedance(seed)
    y, held = (y - y.mean()) / y.std(), (held[0] / 100, (held[1] - y.mean()) / y.std())
    slow = {"momentum": 0.999 if sick else 0.9}
    stack = L.BatchNormalization(**slow), *dense(48), L.BatchNormalization(**slow)
    model = net((4,), *stack, L.Dense(1), optimizer=Adam(0.01))
    return Program(model, x / 100, y, held, {**PLAN, "epochs": 5}, truth.r2(*held))


@fault("frozen_layers", least=0.75)
def tagger_with_a_frozen_reader(sick, seed):
    x, y, held = tagged(seed)
    reader = L.Bidirectional(L.GRU(10, return_sequences=True), trainable=not sick)
    words = L.Embedding(12, 4, mask_zero=True, trainable=not sick)
    inputs = keras.Input((12,), dtype="int32")
    model = graph(inputs, softmax(5)(reader(words(inputs))), SPARSE, Adam(0.01))
    score = truth.own(held[0], lambda p: np.mean((p.argmax(-1) == held[1])[held[0] > 0]))
    return Program(model, x, y, held, {**PLAN, "epochs": 15}, score)


@fault("insufficient_capacity", least=0.75)
def one_filter(sick, seed):
    x, y, held = stripes(seed)
    wide = 1 if sick else 12
    stack = L.Conv2D(wide, 3, activation="relu"), L.GlobalAveragePooling2D()
    model = net((12, 12, 1), *stack, softmax(4), loss=SPARSE, optimizer=Adam(0.02))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.accuracy(*held))


@fault("dying_relu", "wrong_last_activation", least=0.9)
def relu_before_the_last_sigmoid(sick, seed):
    x, y, held = pair(seed)
    logit = L.Dense(1, activation="relu" if sick else None)
    head = L.Activation("sigmoid")
    model = net((12,), *dense(48), logit, head, loss=BINARY, metrics=["accuracy"])
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.accuracy(*held))
