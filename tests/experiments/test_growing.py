"""The moves that grow a model: those that can be made, and why the others are left out."""

import pickle

import keras
import numpy as np
import pytest
from keras import layers as L

from keras_recipe.experiments.growing import growth
from keras_recipe.surgery.burden import burden_of

X = np.random.default_rng(0).normal(size=(16, 6)).astype("float32")


def moves(*stack, optimizer="sgd"):
    model = keras.Sequential([keras.Input((6,)), *stack])
    model.compile(optimizer, "mse")
    return model, growth(model, burden_of(model, X), steps=50)


def named(found):
    return [move.name for move in found.moves]


def test_the_cheapest_comes_first_and_longer_last():
    _, found = moves(L.Dense(100), L.Dropout(0.5), L.Dense(1))
    assert named(found) == [
        "regularisation off", "Adam at 0.0003", "Adam at 0.001", "2 times as wide",
        "4 times as wide", "deeper", "2 times as long", "4 times as long",
    ]  # fmt: skip
    assert found.left_out == {}
    assert found.moves[-1].fit == {"steps": 200}


def test_moves_travel_to_other_processes():
    _, found = moves(L.Dense(4), L.Dropout(0.5), L.Dense(1))
    again = pickle.loads(pickle.dumps(found.moves))
    assert [move.name for move in again] == named(found)


def test_adam_is_not_put_where_it_is():
    _, found = moves(L.Dense(4), L.Dense(1), optimizer=keras.optimizers.Adam(1e-3))
    assert "Adam at 0.001" not in named(found)
    assert "Adam at 0.0003" in named(found)


def test_a_scheduled_adam_is_tried_at_a_constant_rate():
    schedule = keras.optimizers.schedules.CosineDecay(1e-3, 100)
    _, found = moves(L.Dense(4), L.Dense(1), optimizer=keras.optimizers.Adam(schedule))
    assert {"Adam at 0.001", "Adam at 0.0003"} <= set(named(found))
    assert "CosineDecay" in found.moves[0].text


def test_what_cannot_be_made_is_left_out_with_the_reason():
    _, found = moves(L.Dense(1))
    assert "no hidden layers" in found.left_out["wider"]
    assert "no dropout" in found.left_out["regularisation off"]


@pytest.mark.parametrize("name", ["Adam at 0.001", "4 times as wide", "deeper"])
def test_a_model_that_is_not_built_yet_is_changed_too(name):
    def unbuilt():
        model = keras.Sequential([L.Dense(2), L.Dense(1)])
        model.compile("sgd", "mse")
        return model

    built = unbuilt()
    built(X)
    found = growth(built, burden_of(built, X), steps=50)
    change = next(move.change for move in found.moves if move.name == name)
    changed = change(unbuilt())
    changed.fit(X, X[:, :1], verbose=0)
    sizes = [layer.units for layer in changed.layers if isinstance(layer, L.Dense)]
    assert sizes == {"4 times as wide": [8, 1], "deeper": [2, 2, 1]}.get(name, [2, 1])


@pytest.mark.parametrize(
    "name", ["regularisation off", "Adam at 0.001", "4 times as wide", "deeper"]
)
def test_every_change_gives_a_compiled_model_that_trains(name):
    model, found = moves(
        L.Dense(2, kernel_regularizer="l2", activation="relu"), L.Dropout(0.5), L.Dense(1)
    )
    change = next(move.change for move in found.moves if move.name == name)
    changed = change(model)
    changed.fit(X, X[:, :1], verbose=0)
    sizes = [layer.units for layer in changed.layers if isinstance(layer, L.Dense)]
    assert sizes == {"4 times as wide": [8, 1], "deeper": [2, 2, 1]}.get(name, [2, 1])
    if name == "regularisation off":
        assert changed.losses == [] or all(float(loss) == 0 for loss in changed.losses)
        assert [one.rate for one in changed.layers if isinstance(one, L.Dropout)] == [0.0]
    if name == "Adam at 0.001":
        assert isinstance(changed.optimizer, keras.optimizers.Adam)
