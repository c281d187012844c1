"""Dropout where none was, at higher rates where there was some; decay by the plan's length."""

import math

import keras
import numpy as np
import pytest
from climbing import build, rows
from keras import layers as L

from keras_recipe.core.errors import NotApplicable
from keras_recipe.experiments.moves_penalty import Dropped, dropout, weight_decay
from keras_recipe.experiments.program import Program
from keras_recipe.subject import Subject
from keras_recipe.surgery.dropout import rates
from keras_recipe.surgery.weight_decay import decays, leaves_out


def program(model, steps=100):
    shape = (8, *model.input_shape[1:])
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    found = Subject(model, x, rows(0, 8).y)
    return Program(model=model, task=found.task, sample=found.sample, steps=steps, batch_size=8)


def plain(*stack, shape=(64,), optimizer="adam"):
    model = keras.Sequential([keras.Input(shape), *stack, L.Dense(10, "softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model


def test_dropout_goes_before_every_layer_but_the_first_and_weights_stay():
    model = plain(L.Dense(4, "relu"), L.Dense(4, "relu"))
    moves = dropout(program(model))
    assert [move.name for move in moves] == ["dropout 0.2", "dropout 0.5"]
    made = moves[0].change(model)
    kinds = [type(layer).__name__ for layer in made.layers]
    assert kinds == ["Dense", "Dropout", "Dense", "Dropout", "Dense"]
    for one, other in zip(model.get_weights(), made.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    again = moves[1].change(made)
    assert {one.value for one in rates(again)} == {0.5}


def test_convolutions_lose_whole_channels():
    model = plain(
        L.Conv2D(3, 3), L.Conv2D(3, 3), L.Flatten(), L.Dense(4, "relu"), shape=(8, 8, 1)
    )
    made = Dropped(0.2)(model)
    assert [type(x).__name__ for x in made.layers if "Dropout" in type(x).__name__] == [
        "SpatialDropout2D", "Dropout", "Dropout",
    ]  # fmt: skip


def test_rates_go_up_only():
    model = plain(L.Dense(4), L.Dropout(0.3))
    assert [move.name for move in dropout(program(model))] == ["dropout 0.5"]
    with pytest.raises(NotApplicable, match=r"drops 0\.5 already"):
        dropout(program(plain(L.Dense(4), L.Dropout(0.5))))


def test_dropout_that_was_built_without_a_rate_is_replaced():
    made = Dropped(0.2)(plain(L.Dense(4), L.Dropout(0.0)))
    assert [one.value for one in rates(made)] == [0.2]
    made.fit(rows(0, 8).x, rows(0, 8).y, verbose=0)


def test_without_a_hidden_layer_there_is_nothing_to_drop():
    with pytest.raises(NotApplicable, match="nothing to drop"):
        dropout(program(plain()))


def test_the_decay_is_by_the_root_of_the_steps_and_leaves_biases_out():
    model = build(rate=1e-2)
    moves = weight_decay(program(model, steps=400))
    values = [float(move.name.removeprefix("weight decay ")) for move in moves]
    expected = [0.025 / (1e-2 * math.sqrt(400)), 0.1 / (1e-2 * math.sqrt(400))]
    assert values == pytest.approx(expected, rel=0.05)  # two figures
    made = moves[1].change(build(rate=1e-2))
    assert decays(made.optimizer)["weight_decay"] == pytest.approx(0.5)
    assert leaves_out(made)
    assert decays(model.optimizer)["weight_decay"] is None


def test_a_decay_that_is_strong_already_stays():
    strong = keras.optimizers.AdamW(1e-2, weight_decay=50.0)
    with pytest.raises(NotApplicable, match="its decay is 50 already"):
        weight_decay(program(plain(L.Dense(4), optimizer=strong)))
