"""What a ladder kept, and what the user's own program searches: the search's value is used."""

import json

import keras
import keras_tuner
import pytest
from climbing import FASTER, LONGER, WIDE, rows
from searching import build, searched

from keras_recipe.experiments.growing import _Adam, _unregularized
from keras_recipe.experiments.moves_penalty import Decayed, Dropped
from keras_recipe.experiments.moves_size import Resized
from keras_recipe.experiments.trial_move import Move
from keras_recipe.search.kept import KeptMoves, settings_of
from keras_recipe.search.plan import SearchPlan
from keras_recipe.search.searching import _builder, search
from keras_recipe.search.space import fixed, hypermodel

L = keras.layers


def move(name, change):
    return Move(name=name, text="", change=change)


DROPPED = move("dropout 0.3", Dropped(0.3))
DECAYED = move("decay", Decayed(0.01))
ADAM = move("Adam at 0.002", _Adam(0.002))
NARROW = move("1/2 as wide", Resized(parts=2))
OFF = move("regularisation off", _unregularized)
VALUES = {"units": 12, "learning_rate": 0.01}


def left_out(make, *moves):
    made = hypermodel(make, 32, moves)
    return [note.split("'")[1] for note in made.notes]


def test_the_value_of_the_trial_is_the_one_that_is_used():
    moves = (FASTER, WIDE, ADAM, NARROW, DROPPED, DECAYED)
    made = hypermodel(build, 32, moves)
    assert [one.name for one in made.made] == ["dropout 0.3", "decay"]
    model = fixed(made, VALUES)()
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)
    assert model.layers[0].units == 12
    assert model.layers[1].rate == 0.3
    assert model.optimizer.weight_decay == 0.01
    note = made.notes[0]
    assert note.startswith("'faster', which a ladder kept, is left out")
    assert "learning_rate" in note


def test_the_start_is_the_program_the_ladder_ended_with():
    made = hypermodel(build, 32, (WIDE, DROPPED))
    start = _builder(made, {})()
    assert start.layers[0].units == 32
    assert start.layers[1].rate == 0.3
    assert _builder(made, VALUES)().layers[0].units == 12


def conditional(hp):
    """Dropout and a penalty, each only where a switch is on."""
    hidden = [
        L.Dense(8, "relu", kernel_regularizer=keras.regularizers.L2(hp.Float("l2", 0, 1)))
    ]
    if hp.Boolean("drop"):
        with hp.conditional_scope("drop", [True]):
            hidden.append(L.Dropout(hp.Float("rate", 0.1, 0.5)))
    model = keras.Sequential([keras.Input((64,)), *hidden, L.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_a_setting_under_a_condition_and_a_penalty_are_seen():
    assert left_out(conditional, DROPPED, DECAYED) == ["dropout 0.3"]
    assert left_out(conditional, OFF, NARROW) == ["regularisation off"]


def deep(hp):
    """As many hidden layers as the search says."""
    hidden = [L.Dense(8, "relu") for _ in range(hp.Int("layers", 1, 3))]
    model = keras.Sequential([keras.Input((64,)), *hidden, L.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def two_layers(model):
    if len(model.layers) != 2:
        msg = "made for one hidden layer"
        raise ValueError(msg)
    model.optimizer.learning_rate = 0.1
    return model


def test_a_move_that_not_every_setting_bears_is_left_out():
    made = hypermodel(deep, 32, [move("shallow", two_layers), DROPPED])
    assert [one.name for one in made.made] == ["dropout 0.3"]
    assert "cannot be made where layers=" in made.notes[0]
    assert "made for one hidden layer" in made.notes[0]


def test_equal_programs_have_equal_settings():
    def seeded(hp):
        init = keras.initializers.GlorotUniform(seed=hp.Int("never", 1, 2))
        model = keras.Sequential([keras.Input((4,)), L.Dense(3, kernel_initializer=init)])
        model.compile(keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 9)))
        return model

    one, other = (settings_of(seeded(keras_tuner.HyperParameters())) for _ in range(2))
    assert one == other
    assert "optimizer.learning_rate.config.initial_learning_rate" in one


class OwnFit(keras_tuner.HyperModel):
    """Searches the batch size in `fit`, as KerasTuner's guide does."""

    def build(self, hp):
        return build(hp)

    def fit(self, hp, model, *args, **kwargs):
        size = hp.Choice("batch_size", [8, 96])
        found = model.fit(*args, batch_size=size, **kwargs)
        assert int(model.optimizer.iterations) == 96 // size
        return found


def test_the_program_s_own_batch_size_is_the_one_that_is_used():
    kept = [Move(name="batch of 4", text="", fit={"batch_size": 4}), LONGER, DROPPED]
    plan = SearchPlan(method="random", trials=3, epochs=1, batch_size=4)
    found = search(OwnFit(), plan, rows(), rows(96, 192), moves=kept)
    done = [trial for trial in found.trials if "eight is not built" not in trial.message]
    assert done
    assert not [trial.message for trial in done if trial.status == "failed"]
    assert found.record.notes == (
        "'batch of 4', which a ladder kept, is left out: this search decides batch_size",
    )
    assert "'batch of 4', which a ladder kept" in str(found)
    json.dumps(found.to_dict())


def test_other_searches_have_no_notes():
    assert searched(trials=1).record.notes == ()
    assert isinstance(hypermodel(build, 32, [LONGER]), KeptMoves)
    assert hypermodel(build, 32, [LONGER]).notes == ()
