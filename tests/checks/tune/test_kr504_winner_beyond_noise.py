"""The winner trained again, beside the runner-up and the start."""

import pytest
import search_records as made
from searching import searched

from keras_recipe.checks.tune.kr504_winner_beyond_noise import winner_beyond_noise
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status
from keras_recipe.experiments.noise import paired_gain
from keras_recipe.experiments.retraining import Retrained
from keras_recipe.search.searching import retrain


def again(winner, runner_up, start):
    losses = {"winner": winner, "runner-up": runner_up, "start": start}
    return made.record(
        made.valley(),
        retrained=Retrained(
            losses={k: dict(enumerate(v)) for k, v in losses.items()},
            over_runner_up=paired_gain(runner_up, winner),
            over_start=paired_gain(start, winner),
        ),
    )


def test_a_winner_beyond_the_noise_passes():
    result = winner_beyond_noise(again([0.2, 0.21, 0.19], [0.2, 0.2, 0.2], [0.5, 0.55, 0.45]))
    assert result.status is Status.PASS
    assert "over the runner-up" in result.message
    assert "within the noise" in result.message
    assert result.measured == pytest.approx(0.6, abs=0.05)


def test_a_lucky_winner_warns():
    result = winner_beyond_noise(again([0.5, 0.6, 0.4], [0.5, 0.5, 0.5], [0.45, 0.55, 0.5]))
    assert result.status is Status.WARN
    assert "no better than the start beyond noise" in result.message


def test_without_fresh_trainings_it_says_nothing():
    with pytest.raises(NotApplicable):
        winner_beyond_noise(made.record(made.valley()))


def test_a_real_search_is_trained_again_but_not_twice(tmp_path):
    told = []
    result = retrain(searched(trials=3), (0, 1), told.append, tmp_path)
    losses = result.record.retrained.losses
    assert set(losses) == {"winner", "runner-up", "start"}
    assert all(set(found) == {0, 1} for found in losses.values())
    assert winner_beyond_noise(result.record).status in (Status.PASS, Status.WARN)
    assert "trained again with several seeds" in str(result)
    assert len(told) == 6
    again = retrain(result, (0, 1), told.append, tmp_path)
    assert again.record.retrained == result.record.retrained
    assert len(told) == 6  # all were in the journal
