"""`reshape` where `transpose` was meant: samples of one batch are mixed, and nothing complains.

The essay's example of a silent bug. A layer wants the rows of an image one after another, time
first: `(8, batch, 8)`. Both lines below have that shape. One hands out rows of other people's
images; the net trains, its loss falls a little, and you see who notices.

KERAS_BACKEND=jax python examples/06_samples_mixed_in_a_batch.py   (about 15 s on 2 cores)
"""

from typing import Any

import keras
from sklearn.datasets import load_digits

import keras_recipe

digits = load_digits()
x, y = (digits.images / 16).astype("float32"), digits.target


class RowsInTime(keras.layers.Layer):
    """Reads an image row by row and keeps all of them."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def call(self, images: Any) -> Any:
        """From `(batch, 8, 8)` to `(batch, 64)`."""
        if self.how == "reshape":
            steps = keras.ops.reshape(images, (8, -1, 8))
        else:
            steps = keras.ops.transpose(images, (1, 0, 2))
        return keras.ops.concatenate([steps[row] for row in range(8)], axis=-1)

    def compute_output_shape(self, shape: Any) -> Any:
        """Keras asks before the first batch."""
        return (shape[0], 64)


for how in ("reshape", "transpose"):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8)),
            RowsInTime(how),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    found = keras_recipe.check(model, x, y, select=["KR213"])["KR213"]
    scores = model.fit(x, y, epochs=5, verbose=0).history
    print(f"{how}: {found.status}, {found.message}")
    print(f"  loss {scores['loss'][0]:.2f} to {scores['loss'][-1]:.2f}, ", end="")
    print(f"{scores['accuracy'][-1]:.0%} right after 5 epochs")
