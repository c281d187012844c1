"""Random or Bayesian search? The same space, the same seed, as many trials for each.

KerasTuner's Bayesian search begins with random trials, and only then lets a model of the
scores choose. You see the best validation loss before and after that, and each winner trained
again with other seeds beside the defaults: what is left of a winner that only had luck. With
so few trials the two find much the same, and each trial has a new learning rate, the one that
matters: a grid spends most of its trials on the same few.

KERAS_BACKEND=torch python examples/15_random_or_bayesian.py   (about 35 s on 2 cores)
"""

from typing import Any

import keras
import numpy as np
from sklearn.datasets import load_digits

import keras_recipe

TRIALS, EPOCHS = 8, 6
START = 6  # KerasTuner's Bayesian search draws the first 3 for each parameter at random

digits = load_digits()
x, y = (digits.data / 16).astype("float32"), digits.target


def build(hp: Any) -> keras.Model:
    """A net for the digits, as KerasTuner builds it; the defaults are a bad guess."""
    rate = hp.Float("learning_rate", 1e-5, 1e-1, sampling="log", default=1e-4)
    dropout = hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.5)
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


for method in ("random", "bayesian"):
    recipe = keras_recipe.Recipe(
        build,
        data=(x[:500], y[:500]),
        validation_data=(x[500:1000], y[500:1000]),
        epochs=EPOCHS,
        ignore=["KR1", "KR2", "KR3", "KR4"],  # the lessons of the examples before this one
    )
    found = recipe.tune(method, TRIALS, seeds=(0, 1))
    scores = [np.inf if trial.score is None else trial.score for trial in found.trials]
    begun, ended = min(scores[:START]), min(scores)
    print(f"{method}: {begun:.3f} after {START} trials, {ended:.3f} after {len(scores)}")
    again = found.record.retrained
    if again is not None:
        means = {name: np.mean(list(one.values())) for name, one in again.losses.items()}
        said = ", ".join(f"{name} {loss:.3f}" for name, loss in means.items())
        print(f"  trained again with two seeds: {said}")
    print(f"  {recipe.report['KR501'].message}")
