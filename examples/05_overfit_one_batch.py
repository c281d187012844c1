"""A net that cannot learn a handful of examples by heart has a fault: look for it there.

A `tanh` was copied along to the last layer, where the loss expects logits of any size. The
net trains and the accuracy looks good; but no logit leaves (-1, 1), and so the loss cannot
fall below ln(1 + 9 exp(-2)) = 0.797. You see that a few examples are enough to show it.

KERAS_BACKEND=jax python examples/05_overfit_one_batch.py   (about 15 s on 2 cores)
"""

import math

import keras
from sklearn.datasets import load_digits

import keras_recipe

digits = load_digits()
x, y = (digits.data / 16).astype("float32"), digits.target

for head in ("tanh", "linear"):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(10, activation=head),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    found = keras_recipe.check(model, x, y, select=["KR209"])["KR209"]
    print(f"{head} at the end: {found.status}, {found.message}")
    # a check leaves the model as it was: this is a training from the start
    scores = model.fit(x, y, epochs=5, verbose=0).history
    print(f"  5 epochs on everything: {scores['accuracy'][-1]:.0%} right, ", end="")
    print(f"loss {scores['loss'][-1]:.2f}")
print(f"with tanh no loss is below {math.log(1 + 9 * math.exp(-2)):.3f}")
