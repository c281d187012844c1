"""Gradients that do not reach the first layers."""

import pytest
from traces import norms, onward, trace

from keras_recipe.checks.overfit.kr314_vanishing_gradient import vanishing_gradient
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

GONE = [norms(gradients=(1e-6, 1e-4, 1e-2, 1.0))] * 3


def judged(*losses, **fields):
    return vanishing_gradient(trace(*losses, **{"weights": GONE, **fields}))


def test_a_vanished_gradient_fails_where_nothing_was_learned():
    result = judged(1.0, 1.0, 1.0)
    assert result.status is Status.FAIL
    assert result.where == "a/kernel"
    assert result.measured == pytest.approx(1e-6)


@pytest.mark.parametrize(
    "fields",
    [
        {"weights": [norms()] * 3},
        {"weights": [norms(gradients=(1e-12,) * 4)] * 3},  # converged
        {"weights": [*GONE[:2], norms()]},  # it came back
        {"constant_loss": 2.0},  # it learned all the same
        {"onward": onward(0.6)},
    ],
)
def test_healthy_gradients_pass(fields):
    assert judged(1.0, 1.0, 1.0, **fields).status is Status.PASS


def test_a_bias_of_attention_that_cancels_is_no_first_layer():
    made = trace(1.0, 1.0, 1.0, weights=[norms()] * 3)
    made.shapes = {"keys/bias": [2, 4], **made.shapes}
    silent = {**made.weights[0]["a/kernel"], "gradient_norm": 1e-9}
    made.weights = [{"keys/bias": silent, **norms()}] * 3
    assert vanishing_gradient(made).status is Status.PASS


def test_without_a_constant_it_only_warns():
    assert judged(1.0, 1.0, 1.0, constant_loss=None).status is Status.WARN


def test_the_threshold_decides():
    made = trace(1.0, 1.0, 1.0, weights=GONE)
    assert vanishing_gradient(made, ratio=1e-7).status is Status.PASS


def test_shallow_nets_are_not_judged():
    with pytest.raises(NotApplicable, match="kernels"):
        vanishing_gradient(trace(1.0, 1.0, 1.0, weights=GONE), depth=5)
