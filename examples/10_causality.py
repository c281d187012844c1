"""A language model that sees the character it is to predict: too good to be true.

One word is wrong: `padding="same"` lets a convolution read one character ahead. The loss
falls as never before, and in use, where the next character is not there yet, the model is
worthless. You see its fine loss, and the check that feeds two texts with the same beginning.

KERAS_BACKEND=jax python examples/10_causality.py   (about 15 s on 2 cores)
"""

import keras
import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits

import keras_recipe

LENGTH = 32
text = load_breast_cancer().DESCR + load_digits().DESCR
letters, codes = np.unique(list(text), return_inverse=True)
starts = np.arange(0, len(codes) - LENGTH, 8)
windows = codes[starts[:, None] + np.arange(LENGTH + 1)]
x, y = windows[:, :-1].astype("int32"), windows[:, 1:].astype("int32")

for padding in ("same", "causal"):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((LENGTH,), dtype="int32"),
            keras.layers.Embedding(len(letters), 16),
            keras.layers.Conv1D(32, 3, padding=padding, activation="relu"),
            keras.layers.Dense(len(letters), activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    found = keras_recipe.check(model, x, y, select=["KR214"])["KR214"]
    loss = model.fit(x, y, epochs=5, verbose=0).history["loss"][-1]
    print(f"{padding}: loss {loss:.2f} nats a character after 5 epochs")
    print(f"  KR214 {found.status}: {found.message}")
