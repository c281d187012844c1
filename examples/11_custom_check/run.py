"""A check of your own, in two files: the check, and the program that imports it.

It stands in every report then, is chosen and tuned by its code, has a page, and puts nothing
out of place in the model. You see it pass on the digits, and FAIL once twenty of them are
blank.

KERAS_BACKEND=jax python examples/11_custom_check/run.py   (about 10 s on 2 cores)
"""

import keras
import kr190_blank_images  # noqa: F401  importing it registers it
from sklearn.datasets import load_digits

import keras_recipe
from keras_recipe.reports import console

digits = load_digits()
x, y = (digits.images / 16)[..., None].astype("float32"), digits.target
model = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy")
for said, blank in (("as they are", 0), ("twenty scans failed", 20)):
    x[:blank] = 0
    report = keras_recipe.check(model, x, y, select=["KR101", "KR190"])
    print(f"{said}: {report['KR190'].status}, {report['KR190'].message}")
print(console.render(report))
