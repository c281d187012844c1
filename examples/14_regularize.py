"""Which cure keeps this net from learning by heart? Each is tried, alone.

400 pictures are few: the net knows all of them, and errs on new ones. A ladder tries one move
at a time, with the same seeds with and without it, on top of what helped before, and keeps
what lowers the validation loss beyond noise. You see what each gains in validation and costs
in training, and that a move of your own is judged likewise: clothes turned upside down.

KERAS_BACKEND=torch python examples/14_regularize.py   (about 30 s on 2 cores)
"""

import keras
import numpy as np
import real_data
from rich.console import Console

import keras_recipe
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.ladder import Move

TRAIN, HELD, EPOCHS = 400, 1000, 30

real_data.path("fashion-mnist/train-images-idx3-ubyte.gz")
(x, y), _ = keras.datasets.fashion_mnist.load_data()
x = x.astype("float32") / 255


def build() -> keras.Model:
    """A net with far more weights than 400 pictures need."""
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    return model


def turned(rows: Batch) -> Batch:
    """The training rows, and each once more upside down."""
    flipped = np.asarray(rows.x)[:, ::-1]
    return Batch(np.concatenate([rows.x, flipped]), np.concatenate([rows.y, rows.y]))


recipe = keras_recipe.Recipe(
    build,
    data=(x[:TRAIN], y[:TRAIN]),
    validation_data=(x[TRAIN : TRAIN + HELD], y[TRAIN : TRAIN + HELD]),
    epochs=EPOCHS,
    ignore=["KR1", "KR2", "KR3"],  # the lessons of the examples before this one
)
upside_down = Move(name="upside down", text="each picture once more, turned", data=turned)
found = recipe.regularize(["dropout", upside_down], budget=600)
Console(width=140).print(found)
print(f"kept: {', '.join(found.kept) or 'nothing'}")
