"""The loss before the first step is known: ln(10) = 2.30 for ten classes.

Fashion-MNIST comes as bytes from 0 to 255. A net that reads them so trains, and even learns
something, but it starts from a loss of many times that: it is sure of itself, and wrong. You
see the check FAIL on the bytes and pass once they are divided by 255.

KERAS_BACKEND=jax python examples/04_loss_at_init.py   (about 10 s on 2 cores)
"""

import math

import keras
import real_data

import keras_recipe

real_data.path("fashion-mnist/train-images-idx3-ubyte.gz")
(x, y), _ = keras.datasets.fashion_mnist.load_data()
x, y = x[:2000].astype("float32"), y[:2000]

print(f"who knows nothing of 10 classes loses {math.log(10):.3f}")
for said, inputs in (("bytes as they come", x), ("divided by 255", x / 255)):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    found = keras_recipe.check(model, inputs, y, select=["KR204"])["KR204"]
    print(f"{said}: {found.status}, {found.message}")
