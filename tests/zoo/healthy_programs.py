"""Healthy programs of unusual form: several inputs and outputs, own steps, own sources."""

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
    shapes,
    shells,
    split,
    spots,
)
from zoo.registry import Program, healthy

PLAN = {"batch_size": 32, "epochs": 15}


def softmax(classes, **settings):
    """A head for exclusive classes."""
    return L.Dense(classes, activation="softmax", **settings)


def couples(y, seed):
    """Partners by row, half of them of the same class."""
    random = np.random.RandomState(seed)
    same = np.array([random.choice(np.flatnonzero(y == c)) for c in y])
    return np.where(random.rand(len(y)) < 0.5, same, random.randint(0, len(y), len(y)))


@healthy(least=0.7)
def twins_that_compare(seed):
    x, y, (unseen, known) = groups(seed, 1200)
    j, k = couples(y, seed), couples(known, seed)
    encoder = keras.Sequential([keras.Input((16,)), *dense(48), L.Dense(12, use_bias=False)])
    a, b = keras.Input((16,)), keras.Input((16,))
    gap = ops.abs(encoder(a) - encoder(b))
    model = graph([a, b], L.Dense(1, activation="sigmoid")(gap), BINARY, Adam(5e-3))
    same = [(t == t[i]).astype("float32")[:, None] for t, i in ((y, j), (known, k))]
    held = [unseen, unseen[k]], same[1]
    return Program(model, [x, x[j]], same[0], held, PLAN, truth.accuracy(*held))


def contrast(y_true, y_pred):
    """Near if alike, at least 1 apart if not."""
    near = y_true * ops.square(y_pred)
    return ops.mean(near + (1 - y_true) * ops.square(ops.maximum(1 - y_pred, 0)))


@healthy(least=0.7)
def twins_under_a_contrast(seed):
    x, y, (unseen, known) = groups(seed, 1200)
    j, k = couples(y, seed), couples(known, seed)
    encoder = keras.Sequential([keras.Input((16,)), *dense(48), L.Dense(6, use_bias=False)])
    a, b = keras.Input((16,)), keras.Input((16,))
    square = ops.sum(ops.square(encoder(a) - encoder(b)), -1, keepdims=True)
    model = graph([a, b], ops.sqrt(square + 1e-6), contrast)
    same = [(t == t[i]).astype("float32")[:, None] for t, i in ((y, j), (known, k))]
    held = [unseen, unseen[k]], same[1]
    score = truth.own(held[0], lambda p: np.mean((p < 0.5) == (same[1] > 0.5)))
    return Program(model, [x, x[j]], same[0], held, PLAN, score)


@healthy(least=0.7)
def outputs_in_a_dict(seed):
    x, count, mask = spots(seed)
    inputs = keras.Input((12, 12, 1))
    hidden = L.Conv2D(12, 3, padding="same", activation="relu")(inputs)
    where = L.Conv2D(1, 1, activation="sigmoid", name="where")(hidden)
    many = L.Dense(1, name="many")(
        L.Dense(16, activation="relu")(L.GlobalAveragePooling2D()(hidden))
    )
    model = keras.Model(inputs, {"where": where, "many": many})
    model.compile(
        Adam(0.01),
        {"where": BINARY, "many": "mse"},
        loss_weights={"where": 1.0, "many": 0.1},
        metrics={"many": ["mae"]},
    )
    y = {"where": mask, "many": count}
    held = x[:175], {k: v[:175] for k, v in y.items()}

    def both(p):
        rest = np.mean((p["many"] - count[:175]) ** 2) / count[:175].var()
        return min(np.mean((p["where"] > 0.5) == (mask[:175] > 0.5)), 1 - rest)

    rows = {k: v[175:] for k, v in y.items()}
    return Program(model, x[175:], rows, held, PLAN, truth.own(held[0], both))


class OwnStep(keras.Model):
    """Mixes pairs of rows while training, in `compute_loss`, as all backends allow."""

    def __init__(self):
        super().__init__()
        self.hidden, self.head = L.Dense(48, activation="relu"), softmax(5)

    def call(self, x):
        return self.head(self.hidden(x))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        plain = super().compute_loss(x, y, y_pred, sample_weight, training)
        if not training:
            return plain
        mixed = self(0.8 * x + 0.2 * ops.flip(x, 0))
        return plain + 0.2 * ops.mean(
            -ops.sum((0.8 * y + 0.2 * ops.flip(y, 0)) * ops.log(mixed + 1e-7), -1)
        )


@healthy()
def own_loss_over_mixed_rows(seed):
    x, y, held = groups(seed)
    model = OwnStep()
    model.compile(Adam(5e-3), "categorical_crossentropy", metrics=["accuracy"])
    shown = held[0], one_hot(held[1], 5)
    return Program(model, x, one_hot(y, 5), shown, PLAN, truth.accuracy(*held))


class Counted(keras.Model):
    """A custom `train_step` around the usual one."""

    def __init__(self):
        super().__init__()
        self.stack = keras.Sequential([*dense(48), L.Dropout(0.2), L.Dense(1)])
        self.seen = keras.metrics.Sum(name="seen")

    def call(self, x, training=False):
        return self.stack(x, training=training)

    def train_step(self, *args, **kwargs):
        return super().train_step(*args, **kwargs)


@healthy(least=0.6)
def own_training_step(seed):
    x, y, held = friedman(seed)
    model = Counted()
    model.compile(Adam(0.01), "mse", metrics=["mae"])
    return Program(model, x, y, held, {**PLAN, "epochs": 25}, truth.r2(*held))


@healthy()
def half_precision(seed):
    x, y, held = groups(seed)
    half = {"dtype": "mixed_bfloat16"}
    model = net((16,), *dense(48, 24, **half), softmax(5, dtype="float32"), loss=SPARSE)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


class Rows(keras.utils.PyDataset):
    """Batches on demand, noise added to each."""

    def __init__(self, x, y, size=32, noise=0.1, **settings):
        super().__init__(**settings)
        self.x, self.y, self.size, self.noise = x, y, size, noise
        self.random = np.random.RandomState(0)

    def __len__(self):
        return -(-len(self.x) // self.size)

    def __getitem__(self, i):
        rows = slice(i * self.size, (i + 1) * self.size)
        x = self.x[rows]
        return (x + self.noise * self.random.randn(*x.shape)).astype("float32"), self.y[rows]


@healthy(least=0.8)
def batches_on_demand(seed):
    x, y, held = shapes(seed)
    stack = L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), *dense(32)
    model = net((12, 12, 1), *stack, softmax(4), loss=SPARSE, metrics=["accuracy"])
    fit = {"epochs": 10}
    return Program(model, Rows(x, y), None, Rows(*held, noise=0.0), fit, truth.accuracy(*held))


@healthy(least=0.6)
def users_and_films(seed):
    random = np.random.RandomState(seed)
    p, q = random.normal(size=(60, 2)), random.normal(size=(40, 2))
    who, what = random.randint(0, 60, 1900), random.randint(0, 40, 1900)
    y = (p[who] * q[what]).sum(1) + 0.1 * random.randn(1900)
    rows, y, (seen, known) = split(
        np.stack([who, what], 1).astype("int32"), y[:, None].astype("float32"), seed, 0.2
    )
    i, j = (
        keras.Input((), dtype="int32", name="user"),
        keras.Input((), dtype="int32", name="film"),
    )
    outputs = L.Dot(-1)([L.Embedding(200, 4)(i), L.Embedding(100, 4)(j)])
    model = graph({"user": i, "film": j}, outputs, "mse", Adam(0.02))
    parts = [{"user": a[:, 0], "film": a[:, 1]} for a in (rows, seen)]
    data = parts[0], y, (parts[1], known)
    return Program(model, *data, {**PLAN, "epochs": 20}, truth.r2(parts[1], known))


@healthy()
def pupil_of_a_larger_net(seed):
    x, y, held = groups(seed)
    teacher = net((16,), *dense(64, 64), softmax(5), loss=SPARSE)
    teacher.fit(x, y, epochs=12, verbose=0)
    soft = [np.asarray(teacher.predict(a, verbose=0)) for a in (x, held[0])]
    model = net(
        (16,), *dense(16), softmax(5), loss="categorical_crossentropy", optimizer=Adam(0.01)
    )
    return Program(model, x, soft[0], (held[0], soft[1]), PLAN, truth.accuracy(*held))


@healthy(least=0.75)
def auxiliary_head_with_a_small_weight(seed):
    x, y, held = shells(seed, 1000)
    far = [np.linalg.norm(a, axis=1, keepdims=True).astype("float32") for a in (x, held[0])]
    inputs = keras.Input((4,))
    hidden = L.Dense(32, activation="relu")(L.Dense(32, activation="relu")(inputs))
    outputs = [softmax(3, name="shell")(hidden), L.Dense(1, name="radius")(hidden)]
    model = graph(inputs, outputs, [SPARSE, "mse"], Adam(0.01), loss_weights=[1.0, 0.1])
    score = truth.own(held[0], lambda p: np.mean(np.asarray(p[0]).argmax(-1) == held[1]))
    return Program(model, x, [y, far[0]], (held[0], [held[1], far[1]]), PLAN, score)


@healthy(least=0.6)
def loss_made_by_a_layer(seed):
    x, y, held = friedman(seed)
    inputs = keras.Input((10,))
    hidden = L.ActivityRegularization(l2=1e-4)(L.Dense(48, activation="elu")(inputs))
    model = graph(inputs, L.Dense(1)(hidden), "mse", keras.optimizers.AdamW(0.01))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, truth.r2(*held))


@healthy(least=0.75)
def experts_and_their_gate(seed):
    x, y, held = shells(seed, 1000)
    inputs = keras.Input((4,))
    gate = L.Dense(3, activation="softmax")(inputs)
    experts = [L.Dense(24, activation="relu")(inputs) for _ in range(3)]
    mixed = ops.sum(ops.stack(experts, 1) * ops.expand_dims(gate, -1), 1)
    model = graph(inputs, softmax(3)(L.Dense(24, activation="relu")(mixed)), SPARSE, Adam(0.01))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy(least=0.75)
def stops_early_by_itself(seed):
    x, y, held = groups(seed)
    stop = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
    fit = {**PLAN, "epochs": 30, "callbacks": [stop]}
    model = net(
        (16,), *dense(48), L.Dropout(0.2), softmax(5), loss=SPARSE, metrics=["accuracy"]
    )
    return Program(model, x, y, held, fit, truth.accuracy(*held))


@healthy(least=0.75)
def frequent_classes_and_a_top_two_metric(seed):
    x, y, held = groups(seed, 1200, 5, weights=[0.5, 0.2, 0.15, 0.1, 0.05])
    share = np.bincount(y, minlength=5) / len(y)
    start = keras.initializers.Constant(np.log(share))
    metrics = [keras.metrics.SparseTopKCategoricalAccuracy(2)]
    head = softmax(5, bias_initializer=start)
    model = net((16,), *dense(48), head, loss=SPARSE, metrics=metrics)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))
