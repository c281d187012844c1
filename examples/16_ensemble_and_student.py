"""The last percent: four seeds together, and one model that learns from the four.

An ensemble gains almost surely, and costs four times as much to run. A student of it, trained
on what the ensemble says beside the bare labels, keeps the gain in one model: for twice as
long, since a good teacher is patient, and with averaged weights. So is its twin, the same net
on the labels alone. What the student gains on the twin is the teacher's; the rest of what it
gains is patience. All is chosen on validation rows; the test images are looked at once. You see
each gain with its interval.

KERAS_BACKEND=torch python examples/16_ensemble_and_student.py   (about 40 s on one core)
"""

import keras
import real_data
from rich.console import Console

import keras_recipe

TRAIN, HELD, EPOCHS, SEEDS = 4000, 2000, 6, 4

real_data.path("fashion-mnist/train-images-idx3-ubyte.gz")
(x, y), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x, x_test = x.astype("float32") / 255, x_test.astype("float32") / 255


def build() -> keras.Model:
    """A small net for Fashion-MNIST."""
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


recipe = keras_recipe.Recipe(
    build,
    data=(x[:TRAIN], y[:TRAIN]),
    validation_data=(x[TRAIN : TRAIN + HELD], y[TRAIN : TRAIN + HELD]),
    test_data=(x_test, y_test),
    epochs=EPOCHS,
    ignore=["KR1", "KR2", "KR3", "KR4", "KR5"],  # the lessons of the examples before this one
)
found = recipe.squeeze(members=SEEDS, average=False, longer=0, budget=600)
Console(width=140).print(found)
for name, gain in found.record.test.items():
    print(f"{name}, on the best single model: {gain.text}")
taught = found.record.distilled
if taught is not None and taught.on_test is not None:
    print(f"student, on its twin without a teacher: {taught.on_test.text}")
