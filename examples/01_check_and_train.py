"""Wrap a model, check it, train it watched: the whole job on scikit-learn's digits.

KERAS_BACKEND=jax python examples/01_check_and_train.py   (about 20 s on 2 cores)
"""

import keras
from sklearn.datasets import load_digits

import keras_recipe
from keras_recipe.reports import console

EPOCHS = 5

digits = load_digits()
x, y = (digits.images[..., None] / 16).astype("float32"), digits.target
keras.utils.set_random_seed(0)
model = keras_recipe.RecipeModel(
    keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
report = model.check(x, y, validation_split=0.2, epochs=EPOCHS)
print(console.render(report))
model.fit(x, y, validation_split=0.2, epochs=EPOCHS, recipe="strict", verbose=2)
print(console.render(model.report))
