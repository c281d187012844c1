"""Which moves a program gets, in which order, and what each gained."""

import keras
import numpy as np
import pytest
from climbs import BETTER, SAME, WORSE, climbed
from keras import layers as L

from keras_recipe.core.errors import InputError
from keras_recipe.experiments.program import Program
from keras_recipe.experiments.regularizing import FAMILIES, OWN, regularization, wanted_moves
from keras_recipe.experiments.trial_move import Move
from keras_recipe.subject import Subject
from keras_recipe.surgery.preserve import random_states

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(96, 6)).astype("float32")
Y = (X[:, 0] > 0).astype("int32")
MINE = Move(name="mine", text="nothing")


def program(*stack, **fields):
    model = keras.Sequential([keras.Input((6,)), *stack])
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    found = Subject(model, X, Y)
    known = {"steps": 100, "batch_size": 16}
    return Program(model=model, task=found.task, sample=found.sample, **{**known, **fields})


def planned(*stack, moves=None, **fields):
    with random_states(0):
        return regularization(program(*stack, **fields), moves)


def test_the_moves_come_in_the_order_of_the_essay():
    found = planned(L.Dense(16, "relu"), L.Dense(16, "relu"), L.Dense(2, "softmax"))
    order = [found.families[move.name] for move in found.moves]
    assert order == sorted(order, key=FAMILIES.index)
    assert {"dropout", "weight decay", "early stopping", "larger model"} <= set(order)
    assert found.curve


def test_what_is_left_out_says_why():
    found = planned(L.Dense(2, "softmax"))
    assert "no images" in found.left_out["augmentation"]
    assert "pretrained=" in found.left_out["pretrained"]
    assert "no hidden layers" in found.left_out["larger model"]
    assert "nothing to drop" in found.left_out["dropout"]


def test_only_the_families_asked_for_are_planned_and_own_moves_come_last():
    stack = (L.Dense(4, "relu"), L.Dense(2, "softmax"))
    found = planned(*stack, moves=[MINE, "dropout", "early stopping"])
    assert [move.name for move in found.moves] == [
        "dropout 0.2", "dropout 0.5", "early stopping", "mine",
    ]  # fmt: skip
    assert found.families["mine"] == OWN
    assert found.left_out["weight decay"] == "it was not asked for"
    assert not found.curve


@pytest.mark.parametrize("wrong", [["drop"], [], "drop", [3]])
def test_unknown_names_are_refused_with_the_known_ones(wrong):
    with pytest.raises(InputError, match="`moves` takes Moves and names of 'more data'"):
        wanted_moves(wrong)


def test_each_step_is_judged_against_the_best_before_it_in_training_too():
    found = climbed(("a", "dropout", BETTER), ("b", "weight decay", SAME)).steps
    assert [step.rung.kept for step in found] == [True, False]
    assert found[0].train.mean < -1  # from 0.1 to 0.3
    assert found[1].train.mean == pytest.approx(-0.62, abs=0.02)  # from 0.3 to 0.5


def test_a_training_that_failed_has_no_gain_in_training():
    found = climbed(("a", "dropout", (None, None, 1.0)), ("b", "dropout", WORSE)).steps
    assert found[0].train is None
    assert found[1].train is not None
