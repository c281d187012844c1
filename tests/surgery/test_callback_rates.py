"""Callbacks that set the rate are foreseen where they can be, and disturb nothing."""

import sys

import keras
import pytest

from keras_recipe.surgery.callback_rates import rates_by_epoch, unforeseen

Scheduler = keras.callbacks.LearningRateScheduler


class Counting:
    """A schedule that keeps count of its calls."""

    def __init__(self):
        self.calls = 0

    def __call__(self, epoch, rate):
        self.calls += 1
        return 0.5 * rate


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (lambda epoch: 0.1 * 0.5**epoch, [0.1, 0.05, 0.025]),
        (lambda epoch, rate: rate if epoch < 2 else 0.1 * rate, [0.01, 0.01, 0.001]),
        (lambda epoch, rate: [][epoch], []),
        (lambda epoch, rate: float("nan"), []),
    ],
)
def test_the_rate_of_each_epoch_is_that_of_the_schedule(schedule, rates):
    callbacks = [keras.callbacks.History(), Scheduler(schedule)]
    assert rates_by_epoch(callbacks, 0.01, 3) == pytest.approx(rates)
    assert rates_by_epoch(keras.callbacks.CallbackList(callbacks), 0.01, 3) == pytest.approx(
        rates
    )


def test_the_users_own_schedule_is_not_called_nor_heard(capsys):
    counting = Counting()
    assert rates_by_epoch([Scheduler(counting)], 1.0, 3) == [0.5, 0.25, 0.125]
    assert counting.calls == 0
    rates_by_epoch([Scheduler(lambda epoch: sys.stdout.write("now") / 30)], 1.0, 3)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("callbacks", [None, [], keras.callbacks.History(), [Scheduler(len)]])
def test_where_nothing_can_be_foreseen_there_are_no_rates(callbacks):
    assert rates_by_epoch(callbacks, 0.1, 3) == []
    assert rates_by_epoch([Scheduler(lambda epoch: 0.1)], None, 3) == []


def test_what_depends_on_the_training_is_named():
    plateau = keras.callbacks.ReduceLROnPlateau()
    assert unforeseen([plateau, keras.callbacks.History()]) == ["ReduceLROnPlateau"]
    assert unforeseen(None) == []
