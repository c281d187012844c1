"""What a search hands on: its winner where a gain was proved, its model as it was judged."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import search_records as made
from climbing import FASTER, rows
from searching import searched

from keras_recipe.core.errors import InputError
from keras_recipe.experiments.noise import paired_gain
from keras_recipe.experiments.retraining import Retrained
from keras_recipe.experiments.trial_move import Move, same
from keras_recipe.search.plan import SearchPlan
from keras_recipe.search.result import SearchResult, winner

SMALLER = Move(name="smaller batch", text="half", fit={"batch_size": 16, "epochs": 9})


class Hyper:
    """Builds whatever it is asked for."""

    def build(self, hp):
        return dict(hp.values)


class Broken:
    """Builds nothing."""

    def build(self, hp):
        msg = f"no {hp.values}"
        raise ValueError(msg)


def found(start, won, *, reason="", **of):
    """A search whose winner and start had these values when they were trained again."""
    gain = None if reason else paired_gain(start, won, **of)
    best = made.SearchTrial(
        key="0", hyperparameters={"units": 8, "batch_size": 64}, seed=1, score=0.1, epoch=4
    )
    record = made.record(
        [best],
        retrained=Retrained(losses={}, over_runner_up=None, over_start=gain, reason=reason),
    )
    held = (rows(), rows(96, 192))
    return SearchResult(
        record=record, plan=SearchPlan(method="random"), build=Hyper(), rows=held
    )


def test_a_proved_winner_is_handed_on_with_its_length_and_batch_size():
    tuned = winner(found([1.0, 1.1, 0.9], [0.5, 0.56, 0.44]), [FASTER, SMALLER])
    assert tuned.build() == {"units": 8, "batch_size": 64}
    assert [move.change for move in tuned.moves] == [same] * 3  # the winner has the changes
    assert tuned.moves[-1].fit == {"epochs": 5, "batch_size": 64}
    assert tuned.moves[1].fit == SMALLER.fit


def test_more_may_be_better():
    better = found([0.5, 0.52, 0.48], [0.9, 0.93, 0.88], of="val_accuracy", direction="max")
    assert winner(better, []) is not None
    worse = found([0.9, 0.93, 0.88], [0.5, 0.52, 0.48], of="val_accuracy", direction="max")
    assert winner(worse, []) is None


@pytest.mark.parametrize(
    "result",
    [found([0.5, 0.6, 0.4], [0.5, 0.5, 0.5]), found([1.0], [0.1], reason="another loss")],
)
def test_without_a_proved_gain_nothing_is_handed_on(result):
    assert winner(result, [FASTER]) is None


def test_the_table_says_why_no_gain_is_stated():
    assert "no gain over the start is stated: another loss" in str(
        found([1.0], [0.1], reason="another loss")
    )


@pytest.mark.parametrize("kept", [True, False])
def test_looking_at_the_model_leaves_the_generators(tmp_path, kept):
    result = searched(tmp_path if kept else None, trials=1, epochs=1)
    keras.utils.set_random_seed(5)
    expected = np.random.random(), float(keras.random.uniform(()))
    keras.utils.set_random_seed(5)
    assert result.model is result.model
    assert (np.random.random(), float(keras.random.uniform(()))) == expected


def test_a_best_setting_that_cannot_be_trained_again_is_one_sentence():
    with pytest.raises(InputError, match="cannot be trained again"):
        _ = replace(found([1.0, 1.0], [1.0, 1.0]), build=Broken()).model
