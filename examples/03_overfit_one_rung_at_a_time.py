"""A net too small for the digits, grown one step at a time until it learns them.

KERAS_BACKEND=torch python examples/03_overfit_one_rung_at_a_time.py   (about 40 s on 2 cores)
"""

import keras
from rich.console import Console
from sklearn.datasets import load_digits

import keras_recipe

UNITS = 1  # the fault: ten digits do not pass through one unit
EPOCHS = 6

digits = load_digits()
x, y = (digits.images / 16).reshape(-1, 64).astype("float32"), digits.target


def build(hp: object = None) -> keras.Model:
    """The net as it is."""
    del hp
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(UNITS, activation="tanh"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


recipe = keras_recipe.Recipe(
    build,
    data=(x[:1000], y[:1000]),
    validation_data=(x[1000:1400], y[1000:1400]),
    epochs=EPOCHS,
    # the ladder itself finds out about the size, and the simple baselines know it already
    ignore=["KR206", "KR207", "KR209", "KR210", "KR302"],
)
print(f"the data: {recipe.data().counts['pass']} checks passed")
print(f"the baselines: {recipe.baseline().counts['pass']} checks passed")
found = recipe.overfit(goal=0.95, seeds=(0, 1, 2))
Console().print(found)
print(recipe.report["KR303"].message)
