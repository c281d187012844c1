"""A loss that jumps up and down, and one that only looks like it."""

import pytest
from traces import onward, trace

from keras_recipe.checks.overfit.kr312_oscillating import jitter, oscillating
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

JUMPS = (1.0, 0.6, 1.4, 0.5, 1.3, 0.6, 1.4, 0.5)


def test_jitter_is_half_the_bend_and_the_share_of_turns():
    size, turns = jitter([0.0, 1.0, 0.0, 1.0])
    assert (size, turns) == (1.0, 1.0)
    assert jitter([3.0, 2.0, 1.0]) == (0.0, 0.0)


def test_jumps_warn_and_fail_where_a_lower_rate_teaches():
    assert oscillating(trace(*JUMPS)).status is Status.WARN
    found = onward(0.2, same=[0.2] * 3, slower=[0.5, 0.7, 0.8])
    result = oscillating(trace(*JUMPS, onward=found))
    assert result.status is Status.FAIL
    assert result.where == "epochs 5 to 8"


def test_jumps_far_above_a_constant_fail():
    assert oscillating(trace(*JUMPS, constant_loss=0.5)).status is Status.FAIL
    own = {"custom_step": True}
    assert oscillating(trace(*JUMPS, constant_loss=0.5, program=own)).status is Status.WARN


@pytest.mark.parametrize(
    "losses",
    [
        (1.0, 0.8, 0.6, 0.5, 0.4, 0.35, 0.3, 0.28),
        (1.0, 0.3, 0.02, 0.03, 0.01, 0.03, 0.01, 0.02),  # near its floor
        (1.0, 1.4, 0.6, 1.2, 0.4, 0.35, 0.3, 0.28),  # only at first
    ],
)
def test_a_loss_that_settles_passes(losses):
    assert oscillating(trace(*losses)).status is Status.PASS


def test_the_threshold_decides():
    assert oscillating(trace(*JUMPS), swing=2.0).status is Status.PASS


def test_cyclic_rates_and_short_trainings_are_not_judged():
    with pytest.raises(NotApplicable, match="up and down"):
        oscillating(trace(*JUMPS, learning_rate=[0.1, 0.01] * 4))
    with pytest.raises(NotApplicable, match="fewer"):
        oscillating(trace(*JUMPS[:4]))
