"""Healthy programs on tables; most carry something that looks wrong and is right."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers as L
from keras import ops
from sklearn import datasets
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
    one_hot,
    pair,
    shells,
    split,
    standard,
    topics,
    visits,
)
from zoo.registry import Program, healthy

PLAN = {"batch_size": 32, "epochs": 15}
LONG = {"batch_size": 32, "epochs": 25}
Constant = keras.initializers.Constant


def softmax(classes):
    """A head for exclusive classes."""
    return L.Dense(classes, activation="softmax")


@healthy()
def plain_classifier(seed):
    x, y, held = groups(seed)
    model = net((16,), *dense(48, 24), softmax(5), loss=SPARSE, metrics=["accuracy"])
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy(least=0.9)
def line_fitted_by_a_net(seed):
    x, y = datasets.make_regression(600, 8, n_informative=5, noise=5.0, random_state=seed)
    x, y, held = split(x.astype("float32"), standard(y[:, None])[0], seed)
    model = net((8,), L.Dense(1), optimizer=SGD(0.05))
    return Program(model, x, y, held, PLAN, truth.r2(*held))


@healthy(least=0.5)
def poisson_counts(seed):
    x, y, held = visits(seed)
    model = net((6,), *dense(24), L.Dense(1, activation="exponential"), loss="poisson")
    return Program(model, x, y, held, LONG, truth.r2(*held))


def pinball(y_true, y_pred):
    """Three quantiles at once: the target column is meant to broadcast."""
    share = ops.convert_to_tensor(np.array([0.1, 0.5, 0.9], "float32"))
    gap = y_true - y_pred
    return ops.mean(ops.maximum(share * gap, (share - 1) * gap), -1)


@healthy(least=0.7)
def three_quantiles(seed):
    x, y, held = friedman(seed)
    model = net((10,), *dense(48), L.Dense(3), loss=pinball, optimizer=Adam(0.01))
    score = truth.own(
        held[0], lambda p: 1 - np.mean((p[:, 1:2] - held[1]) ** 2) / held[1].var()
    )
    return Program(model, x, y, held, LONG, score)


@healthy()
def hinge_with_signs(seed):
    x, y, held = pair(seed)
    signs = [2 * a - 1 for a in (y, held[1])]
    model = net((12,), *dense(48), L.Dense(1, activation="tanh"), loss="hinge")
    score = truth.own(held[0], lambda p: np.mean((p > 0) == (signs[1] > 0)))
    return Program(model, x, signs[0], (held[0], signs[1]), LONG, score)


@healthy(least=0.75)
def linear_support_vectors(seed):
    x, y, held = pair(seed, n_clusters_per_class=1)
    signs = [2 * a - 1 for a in (y, held[1])]
    head = L.Dense(1, kernel_regularizer=keras.regularizers.L2(1e-3))
    model = net((12,), head, loss="squared_hinge", optimizer=SGD(0.02))
    score = truth.own(held[0], lambda p: np.mean((p > 0) == (signs[1] > 0)))
    return Program(model, x, signs[0], (held[0], signs[1]), LONG, score)


@healthy()
def rare_class_with_its_bias(seed):
    x, y, held = fraud(seed)
    start = Constant(float(np.log(y.mean() / (1 - y.mean()))))
    head = L.Dense(1, activation="sigmoid", bias_initializer=start)
    auc = [keras.metrics.AUC(name="auc")]
    model = net((12,), *dense(32), head, loss=BINARY, optimizer=Adam(0.01), metrics=auc)
    return Program(model, x, y, held, PLAN, truth.balanced(*held))


@healthy()
def rare_class_weighed_up(seed):
    x, y, held = fraud(seed)
    share = float(y.mean())
    weights = {0: 0.5 / (1 - share), 1: 0.5 / share}
    head = L.Dense(1, activation="sigmoid")
    model = net((12,), *dense(32), head, loss=BINARY, optimizer=Adam(0.01))
    return Program(model, x, y, held, {**PLAN, "class_weight": weights}, truth.balanced(*held))


@healthy(least=0.6)
def rows_weighed_by_their_noise(seed):
    x, y, held = friedman(seed)
    random = np.random.RandomState(seed)
    noise = random.choice([0.1, 2.0], len(y))[:, None]
    y = (y + noise * random.randn(*y.shape)).astype("float32")
    fit = {**LONG, "sample_weight": (1 / (0.1 + noise[:, 0] ** 2)).astype("float32")}
    model = net((10,), *dense(48), L.Dense(1))
    return Program(model, x, y, held, fit, truth.r2(*held))


@healthy(least=0.75)
def votes_of_seven_annotators(seed):
    x, y, held = groups(seed)
    random = np.random.RandomState(seed)
    sure = 0.75 * one_hot(y, 5) + 0.05
    votes = np.stack([random.multinomial(7, p / p.sum()) for p in sure.astype("float64")]) / 7
    model = net((16,), *dense(48), softmax(5), loss="kl_divergence")
    shown = held[0], one_hot(held[1], 5)
    return Program(model, x, votes.astype("float32"), shown, LONG, truth.accuracy(*held))


@healthy(least=0.75)
def smoothed_labels(seed):
    x, y, held = groups(seed, classes=8)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.15, from_logits=True)
    model = net((16,), *dense(64), L.Dense(8), loss=loss, metrics=["accuracy"])
    shown = held[0], one_hot(held[1], 8)
    return Program(model, x, one_hot(y, 8), shown, PLAN, truth.accuracy(*held))


@healthy(least=0.6)
def ordered_grades(seed):
    x, y, held = friedman(seed)
    edges = np.array([-0.8, 0.0, 0.8], "float32")
    steps = [(a > edges).astype("float32") for a in (y, held[1])]
    model = net((10,), *dense(48), L.Dense(3, activation="sigmoid"), loss=BINARY)
    score = truth.own(held[0], lambda p: np.mean((p > 0.5).sum(1) == steps[1].sum(1)))
    return Program(model, x, steps[0], (held[0], steps[1]), LONG, score)


@healthy(least=0.55)
def several_topics(seed):
    x, y, held = topics(seed)
    metrics = [keras.metrics.BinaryAccuracy()]
    head = L.Dense(6, activation="sigmoid")
    model = net((24,), *dense(48), head, loss=BINARY, metrics=metrics)
    return Program(model, x, y, held, PLAN, truth.f1(*held))


@healthy()
def softmax_of_two(seed):
    x, y, held = pair(seed)
    y, held = y[:, 0].astype("int32"), (held[0], held[1][:, 0].astype("int32"))
    model = net((12,), *dense(48), softmax(2), loss=SPARSE, metrics=["accuracy"])
    return Program(model, x, y, held, LONG, truth.accuracy(*held))


@healthy(least=0.75)
def sixty_flowers(seed):
    x, y = datasets.load_iris(return_X_y=True)
    x, y, held = split(standard(x)[0], y.astype("int32"), seed, 0.6)
    model = net((4,), *dense(12), softmax(3), loss=SPARSE, optimizer=Adam(0.02))
    return Program(model, x, y, held, {"batch_size": 8, "epochs": 30}, truth.accuracy(*held))


@healthy(least=0.7)
def answers_to_five_yes_no_questions(seed):
    random = np.random.RandomState(seed)
    x = random.randint(0, 2, (900, 5)).astype("float32")
    odds = 4.0 * (x[:, 0] + x[:, 1] * x[:, 2] - x[:, 3] - 0.4)
    y = (random.rand(900) < 1 / (1 + np.exp(-odds))).astype("float32")[:, None]
    x, y, held = split(x, y, seed)
    model = net((5,), *dense(16), L.Dense(1, activation="sigmoid"), loss=BINARY)
    return Program(model, x, y, held, LONG, truth.accuracy(*held))


@healthy(least=0.9)
def one_column_that_decides(seed):
    random = np.random.RandomState(seed)
    x = random.normal(size=(800, 8)).astype("float32")
    y = (2 * x[:, :1] + 0.3 * np.sin(2 * x[:, 1:2]) + 0.1 * random.randn(800, 1)) / 2
    x, y, held = split(x, y.astype("float32"), seed)
    model = net((8,), *dense(32), L.Dense(1), optimizer=Adam(0.01))
    return Program(model, x, y, held, PLAN, truth.r2(*held))


@healthy(least=0.75)
def heavy_dropout_that_works(seed):
    x, y, held = groups(seed)
    stack = *dense(256), L.Dropout(0.6), *dense(128), L.Dropout(0.5)
    model = net((16,), *stack, softmax(5), loss=SPARSE, metrics=["accuracy"])
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy()
def normalised_layers(seed):
    x, y, held = groups(seed)
    stack = [
        layer
        for width in (48, 24)
        for layer in (L.Dense(width, use_bias=False), L.BatchNormalization(), L.ReLU())
    ]
    model = net((16,), *stack, softmax(5), loss=SPARSE, metrics=["accuracy"])
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy(least=0.75)
def self_normalising_and_deep(seed):
    x, y, held = groups(seed)
    hidden = dense(*[32] * 8, activation="selu", kernel_initializer="lecun_normal")
    model = net((16,), *hidden, L.AlphaDropout(0.05), softmax(5), loss=SPARSE)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy(least=0.6)
def branches_that_start_at_zero(seed):
    x, y, held = friedman(seed)
    inputs = keras.Input((10,))
    hidden = L.Dense(48)(inputs)
    for _ in range(3):
        branch = L.Dense(48, activation="relu")(L.LayerNormalization()(hidden))
        hidden = hidden + L.Dense(48, kernel_initializer="zeros")(branch)
    model = graph(inputs, L.Dense(1, kernel_initializer="zeros")(hidden))
    return Program(model, x, y, held, PLAN, truth.r2(*held))


@healthy(least=0.75)
def rate_that_warms_up(seed):
    x, y, held = groups(seed)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, 24 * 15, warmup_target=0.01, warmup_steps=48
    )
    model = net((16,), *dense(48), softmax(5), loss=SPARSE, optimizer=Adam(rate))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


class Triangle(keras.optimizers.schedules.LearningRateSchedule):
    """Up and down between two rates."""

    def __init__(self, low, high, half):
        self.low, self.high, self.half = low, high, half

    def __call__(self, step):
        place = ops.cast(step, "float32") / self.half
        rise = ops.abs(place - 2 * ops.floor(place / 2 + 0.5))
        return self.low + (self.high - self.low) * rise

    def get_config(self):
        return {"low": self.low, "high": self.high, "half": self.half}


@healthy(least=0.75)
def rate_in_cycles(seed):
    x, y, held = groups(seed)
    rate = Triangle(5e-4, 0.02, 60)
    model = net((16,), *dense(48), softmax(5), loss=SPARSE, optimizer=Adam(rate))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy(least=0.6)
def amounts_over_three_decades(seed):
    x, y, held = friedman(seed)
    y, held = np.exp(1.5 * y + 3), (held[0], np.exp(1.5 * held[1] + 3))
    start = Constant(3.0)
    head = L.Dense(1, activation="exponential", bias_initializer=start)
    model = net((10,), *dense(48), head, loss="mean_squared_logarithmic_error")
    known = np.log(held[1])
    score = truth.own(held[0], lambda p: 1 - np.mean((np.log(p) - known) ** 2) / known.var())
    return Program(model, x, y, held, LONG, score)


@healthy(least=0.7)
def units_kept_and_scaled_inside(seed):
    x, y, held = impedance(seed)
    scale = L.Normalization()
    scale.adapt(x)
    back = L.Rescaling(float(y.std()), float(y.mean()))
    model = net((4,), scale, *dense(32), L.Dense(1), back, loss="mae", optimizer=Adam(0.01))
    return Program(model, x, y, held, LONG, truth.r2(*held))


@healthy(least=0.6)
def numbers_beside_categories(seed):
    random = np.random.RandomState(seed)
    shop, number = random.randint(0, 40, 900), random.normal(size=(900, 3))
    level = random.normal(size=40)
    y = level[shop] + number[:, 0] * np.sign(level[shop]) + 0.3 * random.randn(900)
    rows = np.concatenate([shop[:, None], number], 1).astype("float32")
    rows, y, (seen, known) = split(rows, y[:, None].astype("float32"), seed)
    i, j = keras.Input((1,), dtype="int32", name="shop"), keras.Input((3,), name="numbers")
    joined = L.Concatenate()([L.Flatten()(L.Embedding(500, 8)(i)), j])
    model = graph([i, j], L.Dense(1)(L.Dense(32, activation="relu")(joined)), "mse", Adam(0.01))
    parts = [[a[:, :1].astype("int32"), a[:, 1:]] for a in (rows, seen)]
    return Program(model, parts[0], y, (parts[1], known), LONG, truth.r2(parts[1], known))


def gaussian(y_true, y_pred):
    """Negative log-likelihood of a mean and a deviation."""
    mean, deviation = y_pred[..., :1], 1e-2 + ops.softplus(y_pred[..., 1:])
    return ops.log(deviation) + ops.square((y_true - mean) / deviation) / 2


@healthy(least=0.6)
def mean_with_its_deviation(seed):
    x, y, held = friedman(seed)
    model = net((10,), *dense(32), L.Dense(2), loss=gaussian, optimizer=Adam(5e-3))
    score = truth.own(held[0], lambda p: 1 - np.mean((p[:, :1] - held[1]) ** 2) / held[1].var())
    return Program(model, x, y, held, LONG, score)


@healthy()
def one_pass_over_many_rows(seed):
    x, y, held = shells(seed, 8000, 3)
    model = net((4,), *dense(32), softmax(3), loss=SPARSE, optimizer=Adam(0.01))
    return Program(model, x, y, held, {"batch_size": 16, "epochs": 1}, truth.accuracy(*held))


@healthy(least=0.5)
def outliers_under_huber(seed):
    x, y, held = friedman(seed)
    y = y.copy()
    y[::25] += 12
    model = net((10,), *dense(48), L.Dense(1), loss="huber", optimizer=Adam(0.01))
    return Program(model, x, y, held, LONG, truth.r2(*held))


@healthy(least=0.75)
def gates_of_sigmoids(seed):
    x, y, held = groups(seed)
    inputs = keras.Input((16,))
    gate, value = L.Dense(32, activation="sigmoid")(inputs), L.Dense(32)(inputs)
    model = graph(inputs, softmax(5)(gate * value), SPARSE, Adam(0.01))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy(least=0.75)
def sparse_relu_code(seed):
    x, y, held = groups(seed)
    quiet = keras.regularizers.L1(1e-4)
    hidden = dense(128, activity_regularizer=quiet, bias_initializer=Constant(-0.3))
    model = net((16,), *hidden, softmax(5), loss=SPARSE, optimizer=Adam(5e-3))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy(least=0.6)
def one_against_the_rest(seed):
    x, y, held = groups(seed)
    shown = held[0], one_hot(held[1], 5)
    rate = keras.optimizers.RMSprop(3e-3)
    head = L.Dense(5, activation="sigmoid")
    loss = keras.losses.BinaryFocalCrossentropy(gamma=1.0)
    model = net((16,), *dense(48), head, loss=loss, optimizer=rate)
    return Program(model, x, one_hot(y, 5), shown, PLAN, truth.accuracy(*held))


@healthy(least=0.6)
def one_sigmoid_layer_with_momentum(seed):
    x, y, held = friedman(seed)
    rate = SGD(0.1, momentum=0.9, nesterov=True, clipnorm=1.0)
    model = net((10,), *dense(32, activation="sigmoid"), L.Dense(1), optimizer=rate)
    return Program(model, x, y, held, LONG, truth.r2(*held))


@healthy(least=0.55)
def fractions_between_0_and_1(seed):
    x, y, held = friedman(seed)
    y, held = 1 / (1 + np.exp(-1.5 * y)), (held[0], 1 / (1 + np.exp(-1.5 * held[1])))
    model = net((10,), *dense(32), L.Dense(1, activation="sigmoid"), loss=BINARY)
    return Program(model, x, y, held, LONG, truth.r2(*held))


@healthy(least=0.6)
def many_idle_columns(seed):
    x, y, held = pair(seed, features=60, n_clusters_per_class=1)
    penalty = keras.regularizers.L1(2e-3)
    hidden = dense(24, kernel_regularizer=penalty)
    model = net((60,), *hidden, L.Dense(1, activation="sigmoid"), loss=BINARY)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))
