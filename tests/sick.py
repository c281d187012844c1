"""Sick programs for the checks that train or look inside; `(model, x, y, settings)` each."""

from __future__ import annotations

import keras
from healthy import ADAM, PLAN, functional, some_digits, standard_diabetes
from keras import layers as L
from specimens import SPARSE, compiled

SGD = keras.optimizers.SGD


def tiny_rate():
    stack = L.Dense(32, activation="relu"), L.Dense(10, activation="softmax")
    return compiled(*stack, optimizer=ADAM(1e-7)), *some_digits(), PLAN


def deep_sigmoids(optimizer=None):
    stack = [L.Dense(16, activation="sigmoid") for _ in range(8)]
    model = compiled(*stack, L.Dense(10, activation="softmax"), optimizer=optimizer or SGD(0.1))
    return model, *some_digits(), PLAN


def dead_relus():
    dead = keras.initializers.Constant(-100.0)
    stack = (
        L.Dense(32, activation="relu", bias_initializer=dead),
        L.Dense(10, activation="softmax"),
    )
    return compiled(*stack, optimizer=ADAM(3e-3)), *some_digits(), PLAN


def huge_inputs_into_tanh():
    x, y = some_digits()
    stack = L.Dense(32, activation="tanh"), L.Dense(10, activation="softmax")
    return compiled(*stack, optimizer=ADAM(3e-3)), x * 4000, y, PLAN


def random_frozen():
    stack = [L.Dense(16, activation="relu", trainable=False) for _ in range(2)]
    model = compiled(*stack, L.Dense(10, activation="softmax"), optimizer=ADAM(0.01))
    return model, *some_digits(), PLAN


def stopped_gradient():
    inputs = keras.Input((64,))
    hidden = keras.ops.stop_gradient(L.Dense(32, activation="relu", name="cut")(inputs))
    outputs = L.Dense(10, activation="softmax")(hidden)
    return functional(inputs, outputs, SPARSE), *some_digits(), PLAN


def equal_units():
    ones = {"kernel_initializer": "zeros"}
    stack = (
        L.Dense(32, activation="relu", name="equal", **ones),
        L.Dense(10, activation="softmax", **ones),
    )
    return compiled(*stack, optimizer=ADAM(3e-3)), *some_digits(), PLAN


def exploding_weights():
    wide = {"kernel_initializer": keras.initializers.RandomNormal(stddev=10.0, seed=0)}
    stack = [L.Dense(64, activation="relu", **wide) for _ in range(5)]
    return compiled(*stack, L.Dense(1), shape=(10,), loss="mse"), *standard_diabetes(), PLAN


def all_linear():
    model = compiled(L.Dense(64), L.Dense(64), L.Dense(10, activation="softmax"))
    return model, *some_digits(), PLAN


def slow_statistics():
    stack = (
        L.Dense(32),
        L.BatchNormalization(momentum=0.9999),
        L.ReLU(),
        L.Dense(10, activation="softmax"),
    )
    x, y = some_digits()
    return compiled(*stack, optimizer=ADAM(3e-3)), 20 * x + 50, y, PLAN
