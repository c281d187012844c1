"""Find a learning rate, see what a schedule does with it, and switch its decay off and on.

KERAS_BACKEND=jax python examples/02_learning_rate.py   (about 20 s on 2 cores)
"""

from typing import Any

import keras
from sklearn.datasets import load_digits

import keras_recipe
from keras_recipe.reports import console

EPOCHS, BATCH = 10, 32

digits = load_digits()
x, y = (digits.data / 16).astype("float32"), digits.target


def program(rate: Any) -> keras_recipe.RecipeModel:
    """A small network on the digits, trained by plain descent."""
    keras.utils.set_random_seed(0)
    model = keras_recipe.RecipeModel(
        keras.Sequential(
            [
                keras.Input((64,)),
                keras.layers.Dense(32, activation="relu"),
                keras.layers.Dense(10, activation="softmax"),
            ]
        )
    )
    model.compile(
        keras.optimizers.SGD(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


# A rate that is far too low: the range test says so in 100 steps, and nothing is changed by it.
curve = program(1e-4).find_learning_rate(x, y, batch_size=BATCH)
print(curve)
curve.plot("learning_rate.png")  # with the rate in use marked; a notebook shows `curve` itself

# A schedule that counts epochs, where Keras counts steps: the rate dies in the first epoch.
dying = keras.optimizers.schedules.ExponentialDecay(curve.suggestion, 1, 0.7)
model = program(dying)
settings = {"epochs": EPOCHS, "batch_size": BATCH, "select": ["KR304"]}
report = model.check(x, y, **settings)
print(console.render(report))  # WARN, with the rate drawn over all steps in `report`

# The decay off, until the rest works; weights and optimizer state stay.
for on in (True, False):
    model.set_learning_rate_decay(on)
    model.fit(x, y, epochs=EPOCHS, batch_size=BATCH, verbose=0, recipe="off")
    accuracy = model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"]
    print(f"decay {'on ' if on else 'off'}: {accuracy:.0%} right after {EPOCHS} more epochs")

# A schedule that ends with the training.
steps = EPOCHS * -(-len(x) // BATCH)
model = program(keras.optimizers.schedules.CosineDecay(curve.suggestion, steps))
report = model.check(x, y, **settings)
print(console.render(report))
