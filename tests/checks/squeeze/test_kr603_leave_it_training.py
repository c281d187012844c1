"""What more time bought."""

import json

import pytest
from squeezings import HELPS, NOISE, gain, longer, squeezing

from keras_recipe.checks.squeeze.kr603_leave_it_training import leave_it_training
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def test_a_loss_that_still_falls_at_the_end_warns():
    result = leave_it_training(squeezing(longer=longer(HELPS, (1.0, 0.9, 0.8), 2)))
    assert result.status is Status.WARN
    assert "still falling" in result.message
    assert result.pictures[0]["series"]["validation loss"] == [1.0, 0.9, 0.8]
    json.dumps(result.to_dict())


def test_within_the_noise_it_may_fall_to_the_end():
    result = leave_it_training(squeezing(longer=longer(NOISE, (1.0, 0.99, 0.98), 2)))
    assert result.status is Status.PASS
    assert "within the noise" in result.message


def test_a_lowest_point_on_the_way_passes():
    result = leave_it_training(squeezing(longer=longer()))
    assert result.status is Status.PASS
    assert "at look 1 of 2" in result.message


def test_nothing_bought_passes_and_a_loss_that_blew_up_has_no_picture():
    found = longer(gain(0.0, 0.0), (1.0, float("nan")), 0)
    result = leave_it_training(squeezing(longer=found))
    assert result.status is Status.PASS
    assert "bought nothing" in result.message
    assert not result.pictures


def test_where_nothing_was_left_training_the_reason_is_told():
    with pytest.raises(NotApplicable, match="no time was given"):
        leave_it_training(squeezing(left_out={"leave it training": "no time was given to it"}))
