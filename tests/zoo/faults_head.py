"""Faults of the head, the loss and the metric."""

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
    net,
    one_hot,
    pair,
    shapes,
    shells,
    spots,
    sweeps,
    topics,
    visits,
)
from zoo.registry import Program, fault

PLAN = {"batch_size": 32, "epochs": 15}


@fault("wrong_last_activation", least=0.7)
def relu_head_on_standard_target(sick, seed):
    x, y, held = friedman(seed)
    model = net((10,), *dense(32), L.Dense(1, activation="relu" if sick else None))
    return Program(model, x, y, held, {**PLAN, "epochs": 25}, truth.r2(*held))


@fault("wrong_last_activation", least=0.6)
def sigmoid_head_on_counts(sick, seed):
    x, y, held = visits(seed)
    head = L.Dense(1, activation="sigmoid" if sick else "softplus")
    model = net((6,), *dense(24), head, loss="mae" if sick else "poisson")
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@fault("wrong_last_activation")
def relu_head_on_classes(sick, seed):
    x, y, held = groups(seed)
    head = L.Dense(5, activation="relu" if sick else "softmax")
    model = net((16,), *dense(32, 16), head, loss="categorical_crossentropy")
    score = truth.log_likelihood(*held)
    t = one_hot(y, 5), (held[0], one_hot(held[1], 5))
    return Program(model, x, t[0], t[1], PLAN, lambda m: 1.2 + score(m))


@fault("missing_last_activation")
def raw_scores_to_binary_loss(sick, seed):
    x, y, held = pair(seed)
    head = L.Dense(1, activation=None if sick else "sigmoid")
    model = net((12,), *dense(48, 24), head, loss=BINARY, metrics=["accuracy"])
    score = truth.log_likelihood(*held)
    return Program(model, x, y, held, PLAN, lambda m: 1 + score(m))


@fault("missing_last_activation")
def raw_scores_to_sparse_loss(sick, seed):
    x, y, held = sweeps(seed)
    stack = L.Conv1D(24, 5, activation="relu"), L.MaxPooling1D(2), L.Conv1D(24, 5)
    head = L.Dense(3, activation=None if sick else "softmax")
    model = net((32, 1), *stack, L.ReLU(), L.Flatten(), head, loss=SPARSE)
    score = truth.log_likelihood(*held)
    return Program(model, x, y, held, PLAN, lambda m: 1 + score(m))


@fault("softmax_one_unit", "wrong_last_activation")
def softmax_over_one_unit(sick, seed):
    x, y, held = pair(seed)
    head = L.Dense(1, activation="softmax" if sick else "sigmoid")
    model = net((12,), *dense(48, 24), head, loss=BINARY, metrics=["accuracy"])
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("softmax_one_unit")
def softmax_after_a_recurrent_net(sick, seed):
    x, y, held = sweeps(seed)
    rises, held = (y == 0).astype("float32"), (held[0], (held[1] == 0).astype("float32"))
    inputs = keras.Input((32, 1))
    hidden = L.Conv1D(16, 4, strides=2, activation="relu")(inputs)
    logit = L.Dense(1)(L.GRU(24)(hidden))
    outputs = L.Softmax()(logit) if sick else L.Activation("sigmoid")(logit)
    model = graph(inputs, outputs, "mse", Adam(0.01))
    return Program(model, x, rises, held, PLAN, truth.balanced(*held))


@fault("sigmoid_over_multiclass", least=0.65)
def sigmoids_for_exclusive_classes(sick, seed):
    x, y, held = shells(seed, 1000, 4)
    head = L.Dense(4, activation="sigmoid" if sick else "softmax")
    model = net((4,), *dense(32, 32), head, loss=SPARSE, optimizer=Adam(0.01))
    score = truth.log_likelihood(*held)

    def normalised(m):  # independent sigmoids all go to 1: judged as probabilities they are
        p = m.predict(held[0], verbose=0)
        return 1.4 + score(m) - abs(float(p.sum(-1).mean()) - 1)

    return Program(model, x, y, held, {**PLAN, "epochs": 25}, normalised)


@fault("softmax_over_multilabel", least=0.55)
def softmax_over_topics(sick, seed):
    x, y, held = topics(seed)
    head = L.Dense(6, activation="softmax" if sick else "sigmoid")
    loss = "categorical_crossentropy" if sick else BINARY
    model = net((24,), *dense(48), head, loss=loss)
    return Program(model, x, y, held, PLAN, truth.f1(*held))


@fault("double_softmax", least=0.75, margin=0.05, backends=("jax", "torch"))
def softmax_and_from_logits(sick, seed):
    x, y, held = groups(seed, classes=8)
    loss = keras.losses.CategoricalCrossentropy(from_logits=sick)
    head = L.Dense(8, activation="softmax")
    model = net((16,), *dense(32), head, loss=loss, optimizer=SGD(0.05))
    t, held_t = one_hot(y, 8), (held[0], one_hot(held[1], 8))
    score = truth.log_likelihood(*held)
    return Program(model, x, t, held_t, PLAN, lambda m: 1.5 + score(m))


class Shares(L.Layer):
    """A softmax written by hand."""

    def call(self, scores):
        raised = ops.exp(scores - ops.max(scores, -1, keepdims=True))
        return raised / ops.sum(raised, -1, keepdims=True)


@fault("double_softmax", least=0.6)
def own_softmax_and_from_logits(sick, seed):
    x, y, held = shapes(seed)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=sick)
    stack = L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten()
    head = Shares()
    rate = SGD(0.2)
    model = net((12, 12, 1), *stack, *dense(32), L.Dense(4), head, loss=loss, optimizer=rate)
    score = truth.log_likelihood(*held)
    return Program(model, x, y, held, PLAN, lambda m: 1 + score(m))


@fault("wrong_output_units", "wrong_loss", "bce_on_unbounded_target")
def one_unit_for_five_classes(sick, seed):
    x, y, held = groups(seed)
    head = L.Dense(1, activation="sigmoid") if sick else L.Dense(5, activation="softmax")
    model = net((16,), *dense(32), head, loss=BINARY if sick else SPARSE)
    score = truth.own(
        held[0],
        lambda p: np.mean((np.rint(p)[:, 0] if p.shape[-1] == 1 else p.argmax(-1)) == held[1]),
    )
    return Program(model, x, y, held, PLAN, score)


@fault("wrong_output_units")
def one_unit_too_few(sick, seed):
    x, y, held = shapes(seed)
    stack = L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten()
    head = L.Dense(3 if sick else 4, activation="softmax")
    model = net((12, 12, 1), *stack, *dense(32), head, loss=SPARSE, optimizer=Adam(5e-3))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("mse_for_classification")
def absolute_error_on_one_hot(sick, seed):
    x, y, held = groups(seed, classes=8)
    head = L.Dense(8, activation="softmax")
    loss = "mae" if sick else "categorical_crossentropy"
    model = net((16,), *dense(24), head, loss=loss, optimizer=SGD(0.1), metrics=["accuracy"])
    score = truth.accuracy(*held)
    return Program(model, x, one_hot(y, 8), (held[0], one_hot(held[1], 8)), PLAN, score)


@fault("mse_for_classification", "wrong_output_units", least=0.75)
def regression_on_class_numbers(sick, seed):
    x, y, held = shapes(seed)
    stack = L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten()
    head = L.Dense(1) if sick else L.Dense(4, activation="softmax")
    loss = "mse" if sick else SPARSE
    model = net((12, 12, 1), *stack, *dense(32), head, loss=loss, metrics=["accuracy"])
    score = truth.own(
        held[0],
        lambda p: np.mean((np.rint(p)[:, 0] if p.shape[-1] == 1 else p.argmax(-1)) == held[1]),
    )
    return Program(model, x, y, held, PLAN, score)


@fault("bce_on_unbounded_target", "wrong_last_activation", least=0.6)
def binary_loss_on_a_price(sick, seed):
    x, y, held = friedman(seed)
    y, held = y * 4 + 14, (held[0], held[1] * 4 + 14)
    start = keras.initializers.Constant(0.0 if sick else 14.0)
    head = L.Dense(1, activation="sigmoid" if sick else None, bias_initializer=start)
    model = net((10,), *dense(48), head, loss=BINARY if sick else "mse", optimizer=Adam(0.01))
    return Program(model, x, y, held, {**PLAN, "epochs": 25}, truth.r2(*held))


@fault("wrong_loss", least=0.8)
def categorical_loss_on_one_unit(sick, seed):
    x, y, held = pair(seed)
    loss = "categorical_crossentropy" if sick else BINARY
    model = net((12,), *dense(48, 24), L.Dense(1, activation="sigmoid"), loss=loss)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("wrong_loss", least=0.6)
def poisson_loss_on_standard_target(sick, seed):
    x, y, held = friedman(seed)
    model = net((10,), *dense(32), L.Dense(1), loss="poisson" if sick else "mse")
    return Program(model, x, y, held, {**PLAN, "epochs": 25}, truth.r2(*held))


@fault("wrong_loss", least=0.6)
def cosine_loss_for_amounts(sick, seed):
    x, y, held = friedman(seed)
    both = [np.concatenate([a, np.square(a)], 1) for a in (y, held[1])]
    loss = "cosine_similarity" if sick else "mse"
    model = net((10,), *dense(48), L.Dense(2), loss=loss, optimizer=Adam(0.01))
    held = held[0], both[1]
    return Program(model, x, both[0], held, {**PLAN, "epochs": 25}, truth.r2(*held))


def likelihood(y_true, y_pred):
    """Gaussian log-likelihood: to be made large."""
    mean, scale = y_pred[..., :1], 1e-2 + ops.softplus(y_pred[..., 1:])
    return -ops.log(scale) - ops.square((y_true - mean) / scale) / 2


@fault("loss_sign", least=0.6)
def likelihood_minimised(sick, seed):
    x, y, held = friedman(seed)
    loss = likelihood if sick else lambda t, p: -likelihood(t, p)
    model = net((10,), *dense(32), L.Dense(2), loss=loss, optimizer=Adam(5e-3))
    score = truth.own(
        held[0], lambda p: max(-2.0, 1 - np.mean((p[:, :1] - held[1]) ** 2) / held[1].var())
    )
    return Program(model, x, y, held, {**PLAN, "epochs": 25}, score)


def similarity(y_true, y_pred):
    """Cosine of the two vectors."""
    a, b = ops.normalize(y_true, axis=-1), ops.normalize(y_pred, axis=-1)
    return ops.sum(a * b, -1)


@fault("loss_sign", least=0.6)
def similarity_pushed_down(sick, seed):
    x, y, held = topics(seed)
    loss = similarity if sick else lambda t, p: 1 - similarity(t, p)
    model = net((24,), *dense(48), L.Dense(6, activation="sigmoid"), loss=loss)
    score = truth.own(
        held[0],
        lambda p: np.mean(
            (p * held[1]).sum(1)
            / (np.linalg.norm(p, axis=1) * np.linalg.norm(held[1], axis=1) + 1e-6)
        ),
    )
    return Program(model, x, y, held, PLAN, score)


@fault("loss_clipped", least=0.8)
def loss_cut_at_one_nat(sick, seed):
    x, y, held = groups(seed, classes=8)

    def cut(y_true, y_pred):
        each = keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
        return ops.minimum(each, 1.0) if sick else each

    head = L.Dense(8, activation="softmax")
    model = net((16,), *dense(32), head, loss=cut)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("loss_clipped", least=0.8)
def probabilities_clipped_narrowly(sick, seed):
    x, y, held = fraud(seed)
    low = 0.45 if sick else 1e-6

    def clipped(y_true, y_pred):
        p = ops.clip(y_pred, low, 1 - low)
        return -(y_true * ops.log(p) + (1 - y_true) * ops.log(1 - p))

    model = net((12,), *dense(32), L.Dense(1, activation="sigmoid"), loss=clipped)
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.balanced(*held))


@fault("loss_reduction", "lr_too_high", least=0.6)
def summed_square_error(sick, seed):
    x, y, held = friedman(seed)
    loss = keras.losses.MeanSquaredError(reduction="sum" if sick else "sum_over_batch_size")
    model = net((10,), *dense(48), L.Dense(1), loss=loss, optimizer=SGD(0.05))
    return Program(model, x, y, held, {"batch_size": 64, "epochs": 25}, truth.r2(*held))


@fault("loss_reduction", least=0.9)
def pixels_summed(sick, seed):
    x, _, mask = spots(seed)
    held = x[:175], mask[:175]

    def loss(y_true, y_pred):
        each = keras.losses.binary_crossentropy(y_true, y_pred)
        return ops.sum(each) if sick else ops.mean(each)

    stack = L.Conv2D(8, 3, padding="same", activation="relu"), L.Conv2D(1, 1)
    rate = SGD(0.3, momentum=0.9)
    model = net((12, 12, 1), *stack, L.Activation("sigmoid"), loss=loss, optimizer=rate)
    score = truth.f1(*held)
    return Program(model, x[175:], mask[175:], held, {"batch_size": 32, "epochs": 8}, score)


@fault("broadcast_shape", "wrong_output_units", least=0.6)
def target_column_against_five_outputs(sick, seed):
    x, y, held = friedman(seed)
    y5, held5 = (np.concatenate([a * k for k in (1, -1, 0.5, 2, 0)], 1) for a in (y, held[1]))
    model = net((10,), *dense(48), L.Dense(5), optimizer=Adam(0.01))
    score = truth.r2(held[0], held5)
    if sick:
        return Program(model, x, y, held, {**PLAN, "epochs": 20}, score)
    return Program(model, x, y5, (held[0], held5), {**PLAN, "epochs": 20}, score)


@fault("broadcast_shape", least=0.6)
def own_error_of_row_against_column(sick, seed):
    x, y, held = friedman(seed)

    def error(y_true, y_pred):
        gap = ops.reshape(y_true, (-1,)) - y_pred if sick else y_true - y_pred
        return ops.mean(ops.square(gap))

    model = net((10,), *dense(48), L.Dense(1), loss=error, optimizer=Adam(0.01))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@fault("wrong_metric", least=-0.12, margin=0.3)
def accuracy_of_a_regression(sick, seed):
    x, y, held = friedman(seed)
    metric = (keras.metrics.BinaryAccuracy if sick else keras.metrics.R2Score)(name="shown")
    model = net((10,), *dense(48), L.Dense(1), metrics=[metric], optimizer=Adam(0.01))
    score = truth.honest("val_shown", truth.r2(*held))
    return Program(model, x, y, held, {**PLAN, "epochs": 10}, score)


@fault("wrong_metric", least=-0.05, margin=0.1)
def binary_accuracy_of_many_classes(sick, seed):
    x, y, held = groups(seed, classes=8, class_sep=0.7)
    metric = keras.metrics.BinaryAccuracy if sick else keras.metrics.CategoricalAccuracy
    head = L.Dense(8, activation="softmax")
    loss = "categorical_crossentropy"
    model = net((16,), *dense(24), head, loss=loss, metrics=[metric(name="shown")])
    score = truth.honest("val_shown", truth.accuracy(*held))
    held = held[0], one_hot(held[1], 8)
    return Program(model, x, one_hot(y, 8), held, {**PLAN, "epochs": 10}, score)
