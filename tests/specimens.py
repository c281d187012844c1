"""Small programs, sick and healthy, on real data; shared by the tests of the checks."""

from __future__ import annotations

import functools

import keras
import numpy as np
from keras import layers
from sklearn import datasets

from keras_recipe.building import build
from keras_recipe.subject import Subject
from keras_recipe.surgery.preserve import preserve

SPARSE = "sparse_categorical_crossentropy"
LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@functools.cache
def digits(flat=True):
    """scikit-learn's digits in [0, 1] and their classes."""
    data = datasets.load_digits()
    x = (data.images / 16).astype("float32")
    return (x.reshape(len(x), -1) if flat else x[..., None]), data.target.astype("int32")


@functools.cache
def diabetes():
    """Standardised inputs; targets in their own units, shape (442,)."""
    data = datasets.load_diabetes()
    return (data.data / data.data.std(0)).astype("float32"), data.target.astype("float32")


@functools.cache
def cancer():
    """Standardised inputs and 0/1 labels."""
    data = datasets.load_breast_cancer()
    x = (data.data - data.data.mean(0)) / data.data.std(0)
    return x.astype("float32"), data.target.astype("float32")


def compiled(*stack, shape=(64,), loss=SPARSE, optimizer="adam", metrics=None):
    """A compiled Sequential."""
    model = keras.Sequential([keras.Input(shape), *stack])
    model.compile(optimizer, loss, metrics=metrics)
    return model


def classifier(head="softmax", loss=SPARSE, units=10, hidden="relu", **compile_arguments):
    """A healthy digits classifier, unless the arguments make it sick."""
    return compiled(
        layers.Dense(32, activation=hidden),
        layers.Dense(units, activation=head),
        loss=loss,
        **compile_arguments,
    )


def constant_net(*tail, loss, shape=(5,)):
    """A built model whose kernels are zero, so that it predicts a constant."""
    model = keras.Sequential([keras.Input(shape), *tail])
    model.compile("sgd", loss)
    for weight in model.weights:
        if weight.name == "kernel":
            weight.assign(np.zeros(weight.shape))
    return model


def two_headed():
    """The class of a digit in logits, and a number beside it."""
    entrance = keras.Input((64,))
    hidden = layers.Dense(8, activation="relu")(entrance)
    heads = {
        "kind": layers.Dense(10, name="kind")(hidden),
        "size": layers.Dense(1, name="size")(hidden),
    }
    model = keras.Model(entrance, heads)
    model.compile("adam", {"kind": LOGITS, "size": "mse"})
    return model


def subject(model, x, y=None, **settings):
    """A built Subject as `check` makes it."""
    made = Subject(model, x, y, **settings)
    build(model, made.probe)
    return made


def examine(check, model, x=None, y=None, thresholds=None, **settings):
    """Run one check on a program as the runner would, and put the model back."""
    made = subject(model, x, y, **settings)
    with preserve(model):
        return check(*[made.need(name) for name in check.needs], **(thresholds or {}))


def one_hot(y, classes=10):
    """Class numbers as one-hot float32 rows."""
    return np.eye(classes, dtype="float32")[y]
