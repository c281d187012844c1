"""The networks of the demo: a small convnet, its broken twin, and a plain beginning."""

from __future__ import annotations

import keras
import numpy as np

SMALL = 16  # pixels; with more the plain model's first layer takes every second one


def network(shape: tuple[int, ...], *, broken: bool = False) -> keras.Model:
    """Return the small convnet of the demo, compiled.

    Args:
        shape: Shape of an image, `(height, width, 1)`.
        broken: Plant two faults: an output bias that is sure of class 0 before training, and
            a learning rate at which nothing moves.
    """
    bias = np.zeros(10, "float32")
    bias[0] = 8.0 * broken
    model = keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(32, 2, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10, activation="softmax", name="digit"),
        ]
    )
    model.get_layer("digit").bias.assign(bias)
    optimizer = keras.optimizers.SGD(1e-6) if broken else keras.optimizers.Adam(3e-3)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def plain(shape: tuple[int, ...]) -> keras.Model:
    """Return the plain model that the six stages begin with, compiled.

    It is too small on purpose: what it lacks is for the stages to find. Stage 3 widens it up
    to four times, to 512 units in its hidden layer.

    Args:
        shape: Shape of an image, `(height, width, 1)`.
    """
    strides = 2 if shape[0] > SMALL else 1
    model = keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Conv2D(8, 3, strides, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model
