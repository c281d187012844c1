"""A tiny search on digits, shared by the tests of its parts and by the processes they start."""

import json
from pathlib import Path

import keras
from climbing import rows
from keras import layers

from keras_recipe.search.searching import SearchPlan, search

TRIALS = 6


def build(hp):
    """A compiled classifier; some of its settings cannot be built."""
    units = hp.Int("units", 4, 24, step=4)
    if units == 8:
        msg = "eight is not built"
        raise ValueError(msg)
    model = keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(units, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log")
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def searched(folder=None, method="random", make=build, **settings):
    """The result of the search."""
    plan = {"trials": TRIALS, "epochs": 2, **settings}
    told, train = plan.pop("progress", lambda _: None), plan.pop("train", None)
    board = plan.pop("board", None)
    return search(
        make,
        SearchPlan(method=method, **plan),
        train or rows(),
        rows(96, 192),
        folder=folder,
        board=board,
        progress=told,
    )


def run(folder, won):
    """Search in `folder`; then write what won to `won`. The whole of a child process."""
    found = searched(Path(folder))
    Path(won).write_text(json.dumps([found.best.timeless(), len(found.trials)]))
