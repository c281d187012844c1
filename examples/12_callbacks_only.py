"""A plain `fit` stays as it is: one callback watches it and names what goes wrong.

No wrapper, no check before: `RecipeMonitor` in the list of callbacks. The rate here is ten
thousand times too low, and the losses look as if training was merely slow. You see it named,
while the numbers are those of a training without the callback.

KERAS_BACKEND=jax python examples/12_callbacks_only.py   (about 10 s on 2 cores)
"""

import warnings

import keras
from sklearn.datasets import load_breast_cancer

from keras_recipe.callbacks import RecipeMonitor

cancer = load_breast_cancer()
x = ((cancer.data - cancer.data.mean(0)) / cancer.data.std(0)).astype("float32")
y = cancer.target.astype("float32")


def trained(rate: float, *callbacks: keras.callbacks.Callback) -> list[float]:
    """The loss after each epoch."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((30,)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, epochs=6, verbose=0, callbacks=list(callbacks)).history["loss"]


warnings.simplefilter("ignore")  # it warns as it goes; here its report is printed instead
for rate in (1e-6, 1e-2):
    monitor = RecipeMonitor()
    watched = trained(rate, monitor)
    print(f"rate {rate:g}: loss {watched[0]:.3f} to {watched[-1]:.3f}")
    # KR320 compares times, which another program on this computer may spoil
    problems = [row for row in monitor.report.problems if row.code != "KR320"]
    for row in problems:
        print(f"  {row.code} {row.status}: {row.message}")
    if not problems:
        print(f"  {monitor.report.counts['pass']} checks passed, none complains")
print(f"the same losses without the callback: {watched == trained(rate)}")
