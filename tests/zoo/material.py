"""Data for the zoo: generated, or bundled with scikit-learn; and the shortest way to a net.

Each generator takes a seed and returns `(x, y, (x_held, y_held))` in single precision.
"""

from __future__ import annotations

import functools

import keras
import numpy as np
from keras import layers as L
from sklearn import datasets

SPARSE = "sparse_categorical_crossentropy"
BINARY = "binary_crossentropy"
Adam, SGD = keras.optimizers.Adam, keras.optimizers.SGD


def net(shape, *stack, loss="mse", optimizer=None, metrics=None, dtype=None):
    """A compiled Sequential; Adam at 0.003 unless told otherwise."""
    model = keras.Sequential([keras.Input(shape, dtype=dtype), *stack])
    model.compile(optimizer or Adam(3e-3), loss, metrics=metrics)
    return model


def graph(inputs, outputs, loss="mse", optimizer=None, **settings):
    """A compiled functional model."""
    model = keras.Model(inputs, outputs)
    model.compile(optimizer or Adam(3e-3), loss, **settings)
    return model


def dense(*widths, activation="relu", **settings):
    """Hidden layers."""
    return [L.Dense(width, activation=activation, **settings) for width in widths]


def split(x, y, seed, share=0.25):
    """Shuffle and hold out a share."""
    order = np.random.RandomState(seed).permutation(len(x))
    x, y, held = x[order], y[order], int(len(x) * share)
    return x[held:], y[held:], (x[:held], y[:held])


def standard(x, *others):
    """Standardise by the first array's own columns."""
    mean, deviation = x.mean(0), x.std(0) + 1e-8
    return [((a - mean) / deviation).astype("float32") for a in (x, *others)]


def one_hot(y, classes):
    """Rows of 0 and 1."""
    return np.eye(classes, dtype="float32")[y]


# -- tables


def friedman(seed, rows=900, noise=0.5):
    """Ten uniform inputs, five of which matter, not linearly; a standardised target (n, 1)."""
    x, y = datasets.make_friedman1(rows, noise=noise, random_state=seed)
    x, y = standard(x)[0], standard(y[:, None])[0]
    return split(x, y, seed)


def impedance(seed, rows=900):
    """Four inputs in their own units (up to 1700) and a target of a few hundred (n, 1)."""
    x, y = datasets.make_friedman2(rows, noise=5.0, random_state=seed)
    return split(x.astype("float32"), y[:, None].astype("float32"), seed)


def shells(seed, rows=900, classes=3, features=4):
    """Concentric shells of a Gaussian: no line separates them."""
    x, y = datasets.make_gaussian_quantiles(
        n_samples=rows, n_features=features, n_classes=classes, random_state=seed
    )
    return split(x.astype("float32"), y.astype("int32"), seed)


def groups(seed, rows=1000, classes=5, features=16, **settings):
    """A table of several classes, clusters with informative and idle columns."""
    settings = {"n_informative": 10, "class_sep": 1.6, "n_clusters_per_class": 1} | settings
    x, y = datasets.make_classification(
        rows, features, n_classes=classes, random_state=seed, **settings
    )
    return split(standard(x)[0], y.astype("int32"), seed)


def fraud(seed, rows=1500, share=0.06, class_sep=2.0):
    """Two classes, one of them rare; labels (n, 1)."""
    settings = {"n_informative": 8, "weights": [1 - share], "class_sep": class_sep}
    x, y, held = groups(seed, rows, 2, 12, flip_y=0.0, **settings)
    return x, y[:, None].astype("float32"), (held[0], held[1][:, None].astype("float32"))


def pair(seed, rows=1000, features=12, **settings):
    """Two classes of like size, several clusters each; labels (n, 1)."""
    settings = {"n_informative": 8, "n_clusters_per_class": 2, "class_sep": 1.5} | settings
    x, y, held = groups(seed, rows, 2, features, **settings)
    return x, y[:, None].astype("float32"), (held[0], held[1][:, None].astype("float32"))


def visits(seed, rows=1000):
    """Counts that depend on six features; (n, 1)."""
    random = np.random.RandomState(seed)
    x = random.normal(size=(rows, 6))
    rate = np.exp(0.6 * x[:, 0] - 0.5 * x[:, 1] + 0.4 * np.tanh(2 * x[:, 2]) + 0.7)
    return split(x.astype("float32"), random.poisson(rate)[:, None].astype("float32"), seed)


def topics(seed, rows=1000, labels=6):
    """Word counts and several labels a row (n, labels)."""
    x, y = datasets.make_multilabel_classification(
        rows, 24, n_classes=labels, n_labels=2, length=60, random_state=seed
    )
    return split(standard(x)[0], y.astype("float32"), seed)


# -- images


def shapes(seed, rows=800, size=12, noise=0.25):
    """Squares, crosses, rings and diagonals somewhere in a noisy picture (size, size, 1)."""
    random = np.random.RandomState(seed)
    y = random.randint(0, 4, rows)
    x = noise * random.rand(rows, size, size)
    stencils = np.zeros((4, 5, 5))
    stencils[0] = 1
    stencils[1, 2, :] = stencils[1, :, 2] = 1
    stencils[2, [0, -1], :] = stencils[2, :, [0, -1]] = 1
    stencils[3] = np.eye(5)
    for i in range(rows):
        a, b = random.randint(0, size - 4, 2)
        x[i, a : a + 5, b : b + 5] += stencils[y[i]] * random.uniform(0.5, 0.75)
    return split(x[..., None].clip(0, 1).astype("float32"), y.astype("int32"), seed)


def stripes(seed, rows=700, size=12, angles=4, noise=0.35):
    """Gratings; the class is their direction, in steps of 180/angles degrees."""
    random = np.random.RandomState(seed)
    y = random.randint(0, angles, rows)
    a = np.pi * y / angles + random.normal(0, 0.08, rows)
    u, v = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    wave = np.sin(a)[:, None, None] * u + np.cos(a)[:, None, None] * v
    phase = random.uniform(0, 6.3, (rows, 1, 1))
    x = 0.5 + 0.35 * np.sin(1.6 * wave + phase) + noise * 0.5 * random.randn(rows, size, size)
    return split(x[..., None].astype("float32"), y.astype("int32"), seed)


def spots(seed, rows=700, size=12):
    """Pictures with 0 to 6 spots and a mask of where they are: `x, (count, mask)`."""
    random = np.random.RandomState(seed)
    count = random.randint(0, 7, rows)
    mask = np.zeros((rows, size, size, 1), "float32")
    for i in range(rows):
        taken = random.permutation(16)[: count[i]]
        for a, b in zip(taken // 4 * 3, taken % 4 * 3, strict=True):
            mask[i, a : a + 2, b : b + 2] = 1
    x = 0.6 * mask + 0.25 * random.rand(*mask.shape)
    return x.astype("float32"), count.astype("float32")[:, None], mask


@functools.cache
def _photograph():
    return datasets.load_sample_image("china.jpg").mean(-1) / 255


def patches(seed, rows=800, size=8):
    """Grey patches of a photograph in 0 to 1, flat: `x, held`."""
    random, picture = np.random.RandomState(seed), _photograph()
    a = random.randint(0, picture.shape[0] - size, rows)
    b = random.randint(0, picture.shape[1] - size, rows)
    x = np.stack([picture[i : i + size, j : j + size] for i, j in zip(a, b, strict=True)])
    x = x.reshape(rows, -1).astype("float32")
    return x[rows // 4 :], x[: rows // 4]


# -- sequences


def sweeps(seed, rows=800, length=32, noise=0.3):
    """A tone that rises, falls or stays (class 0, 1, 2), (length, 1)."""
    random = np.random.RandomState(seed)
    y = random.randint(0, 3, rows)
    start = np.array([0.25, 1.05, 0.6])[y] + random.normal(0, 0.04, rows)
    slope = np.array([0.8, -0.8, 0.0])[y] / length
    t = np.arange(length)
    phase = start[:, None] * t + slope[:, None] * t**2 / 2 + random.uniform(0, 6.3, (rows, 1))
    x = np.sin(phase) + noise * random.randn(rows, length)
    return split(x[..., None].astype("float32"), y.astype("int32"), seed)


def adding(seed, rows=1000, length=16):
    """Numbers beside two marks; the target is the sum of the marked ones, (n, 1)."""
    random = np.random.RandomState(seed)
    x = np.zeros((rows, length, 2))
    x[..., 0] = random.uniform(-1, 1, (rows, length))
    y = np.zeros((rows, 1))
    for i in range(rows):
        for half in (random.randint(0, length // 2), random.randint(length // 2, length)):
            x[i, half, 1] = 1
            y[i] += x[i, half, 0]
    return split(x.astype("float32"), y.astype("float32"), seed)


def reviews(seed, rows=1000, length=20, shortest=6):
    """Token numbers 2 to 79 with 0 as right padding; "not" (1) before a word turns it round."""
    random = np.random.RandomState(seed)
    x = np.zeros((rows, length), "int32")
    y = np.zeros((rows, 1), "float32")
    for i in range(rows):
        n = random.randint(shortest, length + 1)
        words = random.randint(30, 80, n)
        mood = random.choice((-1, 1))
        for at in random.choice(n // 2, max(2, n // 5), replace=False) * 2:
            turned = random.rand() < 0.25
            words[at + 1] = random.randint(2, 16) + (14 if (mood < 0) != turned else 0)
            words[at] = 1 if turned else words[at]
        x[i, :n], y[i] = words, mood > 0
    return split(x, y, seed)


def speech(seed, rows=700, length=13, vocabulary=16):
    """Token sequences of a noisy second-order rule, 1 to vocabulary - 1."""
    random = np.random.RandomState(seed)
    s = np.zeros((rows, length), "int32")
    s[:, :2] = random.randint(1, vocabulary, (rows, 2))
    for t in range(2, length):
        follow = (s[:, t - 1] * 2 + s[:, t - 2] % 2) % (vocabulary - 1) + 1
        s[:, t] = np.where(
            random.rand(rows) < 0.12, random.randint(1, vocabulary, rows), follow
        )
    held = rows // 4
    return s[held:], s[:held]


def tagged(seed, rows=600, length=12):
    """Tokens whose tag depends on the token before and the one after; 0 pads both."""
    random = np.random.RandomState(seed)
    x = random.randint(1, 12, (rows, length)).astype("int32")
    before, after = np.roll(x, 1, 1), np.roll(x, -1, 1)
    before[:, 0] = after[:, -1] = 1
    y = 1 + (before > 6).astype("int32") + 2 * (after > 6).astype("int32")
    ends = random.randint(length // 2, length + 1, rows)
    gone = np.arange(length) >= ends[:, None]
    x[gone], y[gone] = 0, 0
    return split(x, y, seed)


def demand(seed, rows=800, window=24, ahead=1):
    """Windows of a seasonal series with their next values, in order of time (window, 1)."""
    random = np.random.RandomState(seed)
    t = np.arange(rows + window + ahead)
    series = np.sin(t * 2 * np.pi / 12) + 0.5 * np.sin(t * 2 * np.pi / 7)
    series = (series + 0.15 * random.randn(len(t))).astype("float32")
    x = np.stack([series[i : i + window] for i in range(rows)])[..., None]
    y = np.stack([series[i + window : i + window + ahead] for i in range(rows)])
    held = rows // 4
    return x[:-held], y[:-held], (x[-held:], y[-held:])
