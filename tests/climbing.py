"""A tiny ladder on digits, shared by the tests of its parts and by the processes they start."""

import json
from pathlib import Path

import keras
from keras import layers
from sklearn import datasets

from keras_recipe.data.batch import Batch
from keras_recipe.experiments.ladder import Ladder, Move


def rows(start=0, stop=96):
    """Some rows of scikit-learn's digits."""
    data = datasets.load_digits()
    x = (data.images.reshape(-1, 64) / 16).astype("float32")
    return Batch(x[start:stop], data.target.astype("int32")[start:stop])


def build(units=16, rate=1e-3, dropout=0.0):
    """A compiled classifier."""
    model = keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(units, activation="relu"),
            layers.Dropout(dropout),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def faster(model):
    model.optimizer.learning_rate = 4 * float(model.optimizer.learning_rate)
    return model


def slower(model):
    model.optimizer.learning_rate = 1e-6
    return model


def wide(model):
    return build(units=32, rate=float(model.optimizer.learning_rate))


def nothing(model):
    return model


FASTER = Move(name="faster", text="four times the rate", change=faster)
NOTHING = Move(name="nothing", text="the same model", change=nothing)
SLOWER = Move(name="slower", text="hardly any rate", change=slower)
WIDE = Move(name="wide", text="twice the units", change=wide)
LONGER = Move(name="longer", text="twice the steps", fit={"steps": 40})


def ladder(made=build, **settings):
    """A ladder of trainings of 20 steps."""
    return Ladder(made, rows(), rows(96, 224), **{"steps": 20, **settings})


def timeless(journal):
    """The lines of a journal, without what the clock decides."""
    lines = [json.loads(line) for line in Path(journal).read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def climb(journal, result, moves=(FASTER, NOTHING, WIDE, SLOWER, LONGER)):
    """Climb with a journal, and write the winner."""
    found = ladder(journal=journal, batch_size=8).climb(moves)
    winner = {"best": [m.name for m in found.best], "scores": list(found.rung.scores.values())}
    Path(result).write_text(json.dumps(winner))


def climbed(folder, won):
    """Climb in `folder`; then write the winner to `won`. The whole of a child process."""
    climb(Path(folder) / "ladder.jsonl", won)
