"""Gradients that grow beyond all bounds."""

import math

import pytest
from traces import norms, trace

from keras_recipe.checks.overfit.kr315_exploding_gradient import exploding_gradient
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def sized(*sizes):
    return [norms(gradients=(size,) * 4) for size in sizes]


def test_growth_that_ends_far_above_a_constant_fails():
    result = exploding_gradient(trace(1.0, 2.0, 9.0, weights=sized(1.0, 20.0, 500.0)))
    assert result.status is Status.FAIL
    assert result.where == "epoch 3, a/kernel"
    assert result.measured == pytest.approx(500.0)


def test_growth_before_a_nan_fails_with_its_step():
    made = trace(
        1.0,
        math.nan,
        weights=sized(1.0, 1.0),
        tail=[1.0, 1e3, 1e9],
        first_bad={"step": 70, "weights": ["a/kernel"]},
        bad_weights=["a/kernel"],
    )
    result = exploding_gradient(made)
    assert result.status is Status.FAIL
    assert result.where == "step 69, a/kernel"


def test_a_huge_gradient_from_the_start_fails():
    made = trace(9e9, math.nan, weights=sized(1e6, 1e6), bad_weights=["a/kernel"])
    assert "from the start" in exploding_gradient(made).message


@pytest.mark.parametrize(
    ("losses", "sizes"),
    [
        ((1.0, 0.5, 0.1), (1.0, 20.0, 500.0)),  # no harm done
        ((0.9, 0.5, 0.1), (1e6, 1e5, 1e5)),  # a summed loss
        ((1.0, 2.0, 9.0), (1.0, 5.0, 9.0)),
        ((1.0, 0.1, 0.01), (1.0, 1e-4, 0.5)),  # noise around a minimum
    ],
)
def test_without_harm_or_growth_it_passes(losses, sizes):
    assert exploding_gradient(trace(*losses, weights=sized(*sizes))).status is Status.PASS


def test_a_step_that_loss_scaling_skipped_passes():
    made = trace(1.0, 0.5, tail=[1.0, 1e4], first_bad={"step": 3, "weights": ["a/kernel"]})
    assert exploding_gradient(made).status is Status.PASS


def test_the_threshold_decides():
    made = trace(1.0, 2.0, 9.0, weights=sized(1.0, 20.0, 500.0))
    assert exploding_gradient(made, growth=1e4).status is Status.PASS


def test_unwatched_steps_are_not_judged():
    with pytest.raises(NotApplicable):
        exploding_gradient(trace(1.0, weights=[{}]))
