"""A training loss that climbs, against all the ways a healthy one may rise."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.callbacks import RecipeMonitor
from keras_recipe.callbacks.trace import Trace
from keras_recipe.checks.overfit.kr311_diverging import diverging
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def trace(*losses, **fields):
    return Trace(epochs=[{"loss": float(loss)} for loss in losses], penalty=0.0, **fields)


def test_a_rate_far_too_high_fails():
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.9), "mse")
    monitor = RecipeMonitor(on_fail="stop", probe=(x[:32], x.sum(1)[:32]))
    model.fit(x, x.sum(1), epochs=8, batch_size=4, verbose=0, callbacks=[monitor])
    assert monitor.trace.series("loss")[-1] > monitor.trace.series("loss")[0]
    result = diverging(monitor.trace)
    assert result.status is Status.FAIL
    assert result.pictures


def test_worse_than_a_constant_fails():
    result = diverging(trace(2.0, 2.6, 4.0, 5.0, constant_loss=2.3))
    assert result.status is Status.FAIL
    assert "2.3" in result.message
    assert result.where == "epoch 3"  # earlier nothing is said; it had risen by epoch 2


def test_the_epoch_from_which_the_loss_stays_above_is_named():
    losses = (2.0, 1.9, 1.8, 1.9, 2.6, 4.0, 5.0)
    result = diverging(trace(*losses, constant_loss=2.3, steps=[10] * 7))
    assert result.where == "epoch 5 (step 50)"


@pytest.mark.parametrize(
    "losses",
    [
        (2.0, 1.5, 1.0, 0.8),
        (0.05, 0.06, 0.04, 0.07, 0.05, 0.06),  # a pretrained net, noisy
        (0.5, 0.3, 2.0, 0.4, 0.2),  # a restart
        (0.70, 0.75, 0.68, 0.74, 0.69, 0.73, 0.72),  # nothing but noise
        (-1.0, -3.0, -5.0),  # a log density
    ],
)
def test_healthy_losses_pass(losses):
    assert diverging(trace(*losses, constant_loss=2.3)).status is Status.PASS


@pytest.mark.parametrize(
    "made",
    [
        trace(1.0, 1.2, 1.5, 1.8, constant_loss=2.3),  # still better than a constant
        trace(1.0, 1.2, 1.5, 1.8),  # the constant's loss is not known
        trace(1e-6, 1e-5, 1e-4, 4e-4),  # a converged net
        trace(1.0, 4.0, 8.0, 9.0, constant_loss=2.3, program={"custom_step": True}),  # a GAN
    ],
)
def test_a_rise_that_proves_nothing_warns(made):
    assert diverging(made).status is Status.WARN


def test_swings_do_not_hide_an_explosion():
    assert diverging(trace(2, 50, 10, 800, 300, 5000, constant_loss=2.0)).status is Status.FAIL


def test_a_penalty_in_the_loss_is_not_the_nets_fault():
    made = trace(5.0, 5.2, 5.5, 5.8, constant_loss=2.3)
    made.penalty = 5.0
    assert diverging(made).status is Status.WARN
    made.penalty = None  # there are penalties whose size is not known
    assert diverging(made).status is Status.WARN


@pytest.mark.parametrize(("excess", "status"), [(1.9, Status.FAIL), (2.1, Status.WARN)])
def test_the_threshold_decides(excess, status):
    made = trace(1.0, 2.0, 4.0, 4.0, constant_loss=2.0)
    assert diverging(made, excess=excess).status is status


def test_two_epochs_say_nothing():
    with pytest.raises(NotApplicable):
        diverging(trace(1.0, 9.0))


@pytest.mark.parametrize(
    ("losses", "fields", "status"),
    [
        ((2.0, -50.0, -900.0, -9e4), {}, Status.FAIL),
        ((2.0, -1.0, -5.0, -9.0), {}, Status.PASS),  # the density of sharp predictions
        (
            (2.0, -50.0, -900.0, -9e4),
            {"program": {"custom_step": True}},
            Status.PASS,
        ),  # a critic
    ],
)
def test_a_loss_that_falls_without_end_fails(losses, fields, status):
    assert diverging(trace(*losses, constant_loss=2.3, **fields)).status is status
