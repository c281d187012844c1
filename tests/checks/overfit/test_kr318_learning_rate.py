"""Steps of the wrong size, and clips that take them away."""

import keras
import pytest
import specimens
from traces import norms, onward, plan, trace, travelled

from keras_recipe.checks.overfit.kr318_learning_rate import learning_rate
from keras_recipe.core.result import Status

STUCK = {"weights": [norms(2e-5)] * 4, "travel": travelled(0.004)}
SAME = [0.02] * 3


def stuck(**fields):
    return learning_rate(plan(trace(1.0, 0.99, 0.99, 0.98, **{**STUCK, **fields})))


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_a_negative_rate_fails_before_training(optimizer):
    x, y = specimens.digits()
    kind = getattr(keras.optimizers, optimizer)
    sick = specimens.classifier(optimizer=kind(-0.01))
    result = specimens.examine(learning_rate, sick, x, y)
    assert result.status is Status.FAIL
    assert result.measured == pytest.approx(-0.01)
    healthy = specimens.classifier(optimizer=kind(0.01))
    assert specimens.examine(learning_rate, healthy, x, y).status is Status.PASS


def test_a_plan_that_overshoots_zero_fails_before_training():
    assert learning_rate(plan(rates=[0.01, 0.0, -0.01])).status is Status.FAIL
    assert learning_rate(plan(rates=[0.01, 0.005, 0.0])).status is Status.PASS


@pytest.mark.parametrize(
    ("name", "cause"), [("faster", "too low"), ("slower", "too high"), ("unclipped", "clip")]
)
def test_a_change_of_the_step_that_teaches_is_the_proof(name, cause):
    optimizer = {"learning_rate": 1e-3, "clipnorm": 1e-3}
    found = onward(0.02, same=SAME, **{name: [0.3, 0.6, 0.8]})
    result = stuck(onward=found, optimizer=optimizer)
    assert result.status is Status.FAIL
    assert cause in result.cause
    assert result.fix.tried["after"] == 0.8


def test_the_threshold_decides():
    made = trace(1.0, 0.9, onward=onward(0.3, same=[0.3] * 3, faster=[0.45] * 3))
    assert learning_rate(plan(made)).status is Status.PASS
    assert learning_rate(plan(made), least=0.1).status is Status.FAIL


def test_what_training_on_as_it_was_brings_too_is_no_proof():
    made = trace(1.0, 0.9, onward=onward(0.3, same=[0.4, 0.6, 0.7], faster=[0.8] * 3))
    assert learning_rate(plan(made)).status is Status.PASS


def test_kernels_that_creep_straight_on_and_learn_nothing_fail():
    result = stuck()
    assert result.status is Status.FAIL
    assert "too low" in result.cause
    assert stuck(travel=travelled(0.0004)).status is Status.PASS  # they wander: no signal
    assert stuck(constant_loss=5.0).status is Status.PASS  # most of the loss is gone
    assert stuck(steps=[5] * 4, travel=travelled(4e-4)).status is Status.PASS  # few steps


def test_steps_that_become_tiny_near_the_start_are_too_small():
    fading = {"weights": [norms(3e-4), *[norms(5e-5)] * 3]}
    assert "too low" in stuck(**fading, travel=travelled(0.02)).cause
    assert stuck(**fading, travel=travelled(0.4)).status is Status.PASS  # they got away
    assert stuck(**fading, travel=travelled(0.002)).status is Status.PASS  # they wander
    assert stuck(weights=[norms(3e-4)] * 4, travel=travelled(0.02)).status is Status.PASS


def test_kernels_without_a_gradient_are_not_the_rates_fault():
    head = {**norms(0.0), "d/kernel": norms(0.01)["d/kernel"]}
    assert stuck(weights=[head] * 4, travel=travelled(1.5)).status is Status.PASS


def test_kernels_that_are_thrown_far_and_learn_nothing_fail():
    fields = {"weights": [norms(0.05)] * 4, "travel": travelled(8.0)}
    assert "too high" in stuck(**fields).cause
    assert stuck(**{**fields, "travel": travelled(0.5)}).status is Status.PASS
    assert stuck(**fields, onward=onward(0.4)).status is Status.PASS  # the classes are right
    assert "too high" in stuck(**{**fields, "weights": [norms(1e-4)] * 4}).cause  # a few leaps
    summed = {**fields, "constant_loss": None}
    assert stuck(**summed).status is Status.PASS
    assert stuck(**summed, onward=onward(0.0)).status is Status.FAIL


def test_a_nan_after_growing_gradients_is_a_rate_too_high():
    fields = {
        "weights": [norms(0.5), {}],
        "bad_weights": ["a/kernel"],
        "first_bad": {"step": 60, "weights": ["a/kernel"]},
    }
    sick = trace(1.0, float("nan"), tail=[1.0, 30.0, 900.0], **fields)
    assert learning_rate(plan(sick)).status is Status.FAIL
    sudden = trace(1.0, float("nan"), tail=[1.0, 1.1, 0.9], **fields)
    assert learning_rate(plan(sudden)).status is Status.PASS


def test_a_tight_clip_without_a_model_to_try_it_on_warns():
    clip = {"learning_rate": 1e-3, "clipnorm": 0.01}
    fields = {"optimizer": clip, "weights": [norms(2e-4)] * 4}
    assert stuck(**fields).status is Status.WARN
    assert stuck(**{**fields, "optimizer": {"clipnorm": 0.5}}).status is Status.PASS
