"""Trainings that end on their way, and those that have arrived."""

import pytest
from traces import onward, trace

from keras_recipe.checks.overfit.kr319_stopped_too_early import stopped_too_early
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

FALLING = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


def test_training_on_that_teaches_much_fails():
    found = onward(0.3, same=[0.5, 0.7, 0.8])
    result = stopped_too_early(trace(1.0, 0.9, onward=found))
    assert result.status is Status.FAIL
    assert "300 further steps" in result.message
    assert "epochs=8" in result.fix.code


def test_few_large_batches_an_epoch_are_named():
    found = onward(0.1, same=[0.4, 0.6, 0.8])
    found["turns"]["same"]["batch_size"] = 1000
    result = stopped_too_early(trace(1.0, 0.9, steps=[2, 2], onward=found))
    assert result.status is Status.FAIL
    assert "batch_size=32" in result.fix.code
    many = stopped_too_early(trace(1.0, 0.9, onward=found))
    assert "epochs=8" in many.fix.code


@pytest.mark.parametrize(
    "found",
    [
        onward(0.9),  # nothing was left to gain
        onward(0.4, same=[0.42, 0.45, 0.5]),  # still going a little
        onward(0.4, same=[0.3, 0.4, 0.7]),  # jumps about
        onward(0.4, rows=25, same=[0.5, 0.6, 0.7]),  # 25 rows say little
    ],
)
def test_a_training_that_arrived_passes(found):
    assert stopped_too_early(trace(*FALLING, onward=found)).status is Status.PASS


def test_one_epoch_may_be_part_of_a_loop():
    found = onward(0.3, same=[0.5, 0.7, 0.8])
    assert stopped_too_early(trace(1.0, onward=found)).status is Status.WARN


def test_the_threshold_decides():
    made = trace(1.0, 0.9, onward=onward(0.3, same=[0.38, 0.42, 0.48]))
    assert stopped_too_early(made).status is Status.PASS
    assert stopped_too_early(made, least=0.1).status is Status.FAIL


def test_a_jump_at_the_end_is_a_warning():
    found = onward(0.3, same=[0.5, 0.7, 0.8])
    assert stopped_too_early(trace(1.0, 0.3, 0.8, onward=found)).status is Status.WARN
    assert stopped_too_early(trace(1.0, 0.7, 0.8, onward=found)).status is Status.FAIL


def test_most_of_the_way_is_a_warning():
    made = trace(1.0, 0.9, onward=onward(0.65, same=[0.8, 0.88, 0.92]))
    assert stopped_too_early(made).status is Status.WARN
    assert stopped_too_early(made, short=0.8).status is Status.FAIL


def test_without_a_model_to_train_on_a_steep_end_warns():
    assert stopped_too_early(trace(*FALLING)).status is Status.WARN
    assert stopped_too_early(trace(*FALLING, constant_loss=3.0)).status is Status.PASS
    flat = (1.0, 0.6, 0.51, 0.5, 0.5, 0.5)
    assert stopped_too_early(trace(*flat)).status is Status.PASS
    noisy = (1.0, 0.7, 0.9, 0.6, 0.9, 0.5, 0.8, 0.5, 0.7)
    assert stopped_too_early(trace(*noisy)).status is Status.PASS


@pytest.mark.parametrize("shares", [[0.5, 0.8, 0.9], [0.05, 0.05, 0.05]])
def test_an_average_that_never_caught_up_is_named(shares):
    optimizer = {"name": "Adam", "ema_momentum": 0.999999}
    made = trace(*FALLING, 0.2, 0.1, onward=onward(0.05, same=shares), optimizer=optimizer)
    result = stopped_too_early(made)
    assert result.status is Status.FAIL
    assert "moving average" in result.message
    assert "ema_momentum=0.975" in result.fix.code  # 10 averages' lengths within 400 steps
    made.onward["skill"] = 0.75  # the model kept is about what the loss says
    assert stopped_too_early(made).status is not Status.FAIL


@pytest.mark.parametrize("momentum", [None, 0.9])
def test_weights_that_are_not_those_of_the_last_epochs_are_named(momentum):
    found = onward(0.05, same=[0.5, 0.8, 0.9])
    optimizer = {"name": "Adam", **({"ema_momentum": momentum} if momentum else {})}
    result = stopped_too_early(trace(*FALLING, 0.2, 0.1, onward=found, optimizer=optimizer))
    assert result.status is Status.FAIL
    assert "not those of the last epochs" in result.cause
    assert "restore_best_weights" in result.fix.code


def test_no_loss_is_not_judged():
    with pytest.raises(NotApplicable):
        stopped_too_early(trace())
