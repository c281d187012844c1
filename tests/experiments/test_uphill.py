"""Rates below zero, in a plan and in a fit."""

import pytest
from traces import plan, trace

from keras_recipe.core.result import Status
from keras_recipe.experiments.uphill import below_zero

OVERSHOOTS = [0.01, 0.0, -0.01]


def test_a_negative_rate_is_one_from_the_start():
    found = below_zero(plan(optimizer={"learning_rate": -0.01}))
    assert found.status is Status.FAIL
    assert "rate is -0.01" in found.message
    assert found.measured == pytest.approx(-0.01)


def test_a_schedule_and_a_callback_that_overshoot_are_seen():
    for one in (plan(rates=OVERSHOOTS), plan(trace(1.0, 0.5, 0.9, learning_rate=OVERSHOOTS))):
        found = below_zero(one)
        assert found.status is Status.FAIL
        assert "goes down to -0.01" in found.message
        assert "max(1e-05, rate)" in found.fix.code


@pytest.mark.parametrize("met", [[], [0.01, 0.005, 0.0], [0.01, 0.005, -1e-9], [0.0, 0.0]])
def test_plans_that_end_at_zero_are_sound(met):
    assert below_zero(plan(rates=met)) is None
    assert below_zero(plan(trace(1.0, learning_rate=met))) is None


def test_an_optimizer_without_one_rate_is_not_judged():
    assert below_zero(plan(optimizer={})) is None
