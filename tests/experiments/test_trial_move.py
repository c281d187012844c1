import keras
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.experiments.trial_move import Move, merged


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": ""}, "needs a name"),
        ({"name": 3}, "needs a name"),
        ({"fit": {"epoch": 3}}, "takes epochs, steps"),
        ({"fit": {"epochs": 3, "steps": 4}}, "not both"),
        ({"fit": {"epochs": 0}}, "whole number of at least 1"),
        ({"change": None}, "must be a function"),
    ],
)
def test_what_no_training_could_use_is_refused(fields, message):
    with pytest.raises(InputError, match=message):
        Move(**{"name": "wide", "text": "", **fields})


def test_it_says_what_it_changes():
    assert Move(name="a", text="").parts == ()
    both = Move(name="a", text="", data=lambda rows: rows, fit={"epochs": 2})
    assert both.parts == ("data", "fit")


def test_settings_that_are_objects_are_named():
    stop = keras.callbacks.EarlyStopping()
    move = Move(name="a", text="t", fit={"callbacks": [stop], "class_weight": {0: 2.0}})
    assert move.to_dict()["fit"] == {
        "callbacks": ["EarlyStopping"],
        "class_weight": {"0": 2.0},
    }


def test_the_later_move_decides_how_long_and_how_much():
    moves = [
        Move(name="a", text="", fit={"epochs": 3, "batch_size": 8}),
        Move(name="b", text="", fit={"steps": 50}),
    ]
    found = merged(moves, steps=10, batch_size=32)
    assert (found["steps"], found["epochs"], found["batch_size"]) == (50, None, 8)
    assert merged(moves[:1], steps=10)["steps"] is None


def test_callbacks_of_several_moves_add_up():
    stop, other = keras.callbacks.EarlyStopping(), keras.callbacks.TerminateOnNaN()
    moves = [
        Move(name="a", text="", fit={"callbacks": [stop]}),
        Move(name="b", text="", fit={"epochs": 3}),
        Move(name="c", text="", fit={"callbacks": other}),
    ]
    assert merged(moves)["callbacks"] == [stop, other]
    assert moves[0].fit["callbacks"] == [stop]
    assert "callbacks" not in merged(moves[1:2])
