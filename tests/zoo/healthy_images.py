"""Healthy programs on pictures."""

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
    graph,
    net,
    one_hot,
    patches,
    shapes,
    spots,
    stripes,
)
from zoo.registry import Program, healthy

PLAN = {"batch_size": 32, "epochs": 10}


def softmax(classes):
    """A head for exclusive classes."""
    return L.Dense(classes, activation="softmax")


@healthy(least=0.9)
def bytes_rescaled_inside(seed):
    x, y, held = shapes(seed)
    x, unseen = [(255 * a).astype("uint8") for a in (x, held[0])]
    stack = L.Rescaling(1 / 127.5, -1), L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D()
    model = net(
        (12, 12, 1), *stack, L.Flatten(), *dense(32), softmax(4), loss=SPARSE, dtype="uint8"
    )
    return Program(model, x, y, (unseen, held[1]), PLAN, truth.accuracy(unseen, held[1]))


@healthy(least=0.85)
def batch_norm_and_global_pooling(seed):
    x, y, held = shapes(seed)
    stack = [
        layer
        for width in (12, 16)
        for layer in (
            L.Conv2D(width, 3, use_bias=False),
            L.BatchNormalization(),
            L.Activation("swish"),
        )
    ]
    head = L.GlobalMaxPooling2D(), softmax(4)
    model = net((12, 12, 1), *stack, *head, loss=SPARSE, optimizer=Adam(0.01))
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy(least=0.7)
def linear_code_of_patches(seed):
    x, held = patches(seed)
    mean = x.mean(0)
    x, held = x - mean, held - mean
    model = net((64,), L.Dense(16, use_bias=False), L.Dense(64, use_bias=False))
    return Program(model, x, x, (held, held), PLAN, truth.r2(held, held))


@healthy(least=0.6)
def convolutional_code_of_patches(seed):
    x, held = (a.reshape(-1, 8, 8, 1) for a in patches(seed))
    stack = (
        L.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
        L.Conv2D(4, 3, padding="same", activation="relu"),
        L.UpSampling2D(),
        L.Conv2D(16, 3, padding="same", activation="relu"),
        L.Conv2D(1, 3, padding="same", activation="sigmoid"),
    )
    model = net((8, 8, 1), *stack, loss=BINARY, optimizer=Adam(5e-3))
    return Program(model, x, x, (held, held), {**PLAN, "epochs": 15}, truth.r2(held, held))


class Drawn(L.Layer):
    """Draws a code around its mean, with the divergence from the unit Gaussian as a loss."""

    def __init__(self):
        super().__init__()
        self.seed = keras.random.SeedGenerator(1)

    def call(self, mean, log_variance):
        spread = ops.exp(log_variance)
        self.add_loss(2e-4 * ops.mean(spread + ops.square(mean) - 1 - log_variance))
        noise = keras.random.normal(ops.shape(mean), seed=self.seed)
        return mean + ops.sqrt(spread) * noise


@healthy(least=0.5)
def variational_code(seed):
    x, held = patches(seed)
    inputs = keras.Input((64,))
    hidden = L.Dense(48, activation="relu")(inputs)
    code = Drawn()(L.Dense(8)(hidden), L.Dense(8)(hidden))
    outputs = L.Dense(64, activation="sigmoid")(L.Dense(48, activation="relu")(code))
    model = graph(inputs, outputs, "mse", Adam(5e-3))
    return Program(model, x, x, (held, held), {**PLAN, "epochs": 20}, truth.r2(held, held))


@healthy(least=0.9)
def mask_of_rare_pixels(seed):
    x, _, mask = spots(seed)
    inputs = keras.Input((12, 12, 1))
    first = L.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    low = L.Conv2D(12, 3, padding="same", activation="relu")(L.MaxPooling2D()(first))
    joined = L.Concatenate()([first, L.UpSampling2D()(low)])
    outputs = L.Conv2D(1, 1, activation="sigmoid")(joined)
    model = graph(inputs, outputs, BINARY, Adam(0.01))
    held = x[:175], mask[:175]
    return Program(model, x[175:], mask[175:], held, PLAN, truth.f1(*held))


def dice(y_true, y_pred):
    """One minus the overlap."""
    both = ops.sum(y_true * y_pred, (1, 2, 3))
    return 1 - (2 * both + 1) / (ops.sum(y_true, (1, 2, 3)) + ops.sum(y_pred, (1, 2, 3)) + 1)


@healthy(least=0.85)
def overlap_as_the_loss(seed):
    x, _, mask = spots(seed)
    stack = L.Conv2D(12, 3, padding="same", activation="relu"), L.Conv2D(1, 3, padding="same")
    head = L.Activation("sigmoid")
    model = net((12, 12, 1), *stack, head, loss=dice, optimizer=Adam(0.01))
    held = x[:175], mask[:175]
    return Program(model, x[175:], mask[175:], held, PLAN, truth.f1(*held))


@healthy(least=0.6)
def noise_predicted_and_taken_away(seed):
    clean = [a.reshape(-1, 8, 8, 1) for a in patches(seed)]
    random = np.random.RandomState(seed)
    noisy = [(a + 0.15 * random.randn(*a.shape)).astype("float32") for a in clean]
    inputs = keras.Input((8, 8, 1))
    hidden = L.Conv2D(16, 3, padding="same", activation="relu")(inputs)
    noise = L.Conv2D(1, 3, padding="same", kernel_initializer="zeros")(hidden)
    model = graph(inputs, L.Subtract()([inputs, noise]), "mae", Adam(5e-3))
    held = noisy[1], clean[1]
    return Program(model, noisy[0], clean[0], held, PLAN, truth.r2(*held))


@healthy(least=0.7)
def spots_counted(seed):
    x, count, _ = spots(seed)
    stack = L.Conv2D(12, 3, activation="relu"), L.Conv2D(12, 3, activation="relu")
    head = L.GlobalAveragePooling2D(), *dense(16), L.Dense(1, activation="softplus")
    model = net((12, 12, 1), *stack, *head, loss="poisson", optimizer=Adam(0.01))
    held = x[:175], count[:175]
    return Program(model, x[175:], count[175:], held, {**PLAN, "epochs": 15}, truth.r2(*held))


@healthy(least=0.85)
def flips_that_keep_the_label(seed):
    x, y, held = shapes(seed)
    y, held = np.minimum(y, 2), (held[0], np.minimum(held[1], 2))  # either diagonal with rings
    stack = L.RandomFlip(), L.RandomTranslation(0.1, 0.1), L.Conv2D(16, 3, activation="relu")
    head = L.MaxPooling2D(), L.Flatten(), *dense(32), softmax(3)
    model = net((12, 12, 1), *stack, *head, loss=SPARSE, metrics=["accuracy"])
    return Program(model, x, y, held, {**PLAN, "epochs": 12}, truth.accuracy(*held))


def pretrained(seed, epochs=8):
    """A base trained on other pictures, and the new task's rows."""
    x, y, _ = stripes(seed)
    hidden = L.Conv2D(16, 3, activation="relu"), L.Conv2D(16, 3, activation="relu")
    base = keras.Sequential([keras.Input((12, 12, 1)), *hidden, L.MaxPooling2D(2), L.Flatten()])
    first = keras.Sequential([base, softmax(4)])
    first.compile(Adam(3e-3), SPARSE)
    first.fit(x, y, epochs=epochs, verbose=0)
    return base, shapes(seed)


@healthy(least=0.7)
def pretrained_base_frozen(seed):
    base, (x, y, held) = pretrained(seed)
    base.trainable = False
    model = net((12, 12, 1), base, softmax(4), loss=SPARSE, metrics=["accuracy"])
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy(least=0.85)
def fine_tuning_at_a_hundred_thousandth(seed):
    x, y, held = shapes(seed)
    earlier, known, _ = shapes(seed + 100, 1200)
    stack = L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), *dense(32)
    model = net((12, 12, 1), *stack, softmax(4), loss=SPARSE)
    model.fit(earlier, known, epochs=12, verbose=0)
    model.compile(Adam(1e-5), SPARSE, metrics=["accuracy"])
    return Program(model, x, y, held, {**PLAN, "epochs": 3}, truth.accuracy(*held))


@healthy(least=0.8)
def separable_filters_and_pooling(seed):
    x, y, held = stripes(seed)
    stack = L.Conv2D(8, 3, activation="relu"), L.SeparableConv2D(16, 3, activation="relu")
    head = L.GlobalAveragePooling2D(), softmax(4)
    model = net((12, 12, 1), *stack, *head, loss=SPARSE, optimizer=Adam(0.01))
    return Program(model, x, y, held, {**PLAN, "epochs": 15}, truth.accuracy(*held))


@healthy(least=0.75)
def residual_blocks_on_pictures(seed):
    x, y, held = shapes(seed)
    inputs = keras.Input((12, 12, 1))
    hidden = L.Conv2D(12, 3, strides=2, padding="same")(inputs)
    for _ in range(2):
        branch = L.ReLU()(L.BatchNormalization()(hidden))
        branch = L.Conv2D(12, 3, padding="same", use_bias=False)(branch)
        hidden = L.Add()([hidden, L.BatchNormalization(gamma_initializer="zeros")(branch)])
    outputs = softmax(4)(L.Flatten()(L.ReLU()(hidden)))
    rate = SGD(0.05, momentum=0.9, weight_decay=1e-4)
    model = graph(inputs, outputs, SPARSE, rate, metrics=["accuracy"])
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@healthy(least=0.8)
def class_of_every_pixel(seed):
    x, _, mask = spots(seed)
    left = np.arange(12)[None, None, :, None] < 6
    y = np.where(mask > 0, np.where(left, 1, 2), 0)[..., 0]
    column = np.broadcast_to(np.linspace(-1, 1, 12)[None, None, :, None], x.shape)
    x = np.concatenate([x, column], -1).astype("float32")
    filters = L.Conv2D(12, 3, padding="same", activation="relu")
    loss = "categorical_crossentropy"  # torch refuses the sparse one on pixels: not contiguous
    model = net((12, 12, 2), filters, softmax(3), loss=loss, optimizer=Adam(0.01))
    held, score = (x[:175], one_hot(y[:175], 3)), truth.balanced_pixels(x[:175], y[:175])
    return Program(model, x[175:], one_hot(y[175:], 3), held, PLAN, score)
