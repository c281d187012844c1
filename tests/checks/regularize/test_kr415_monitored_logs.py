"""Callbacks must watch what is logged, and take for better what is better."""

import pytest

from keras_recipe.callbacks.trace import Trace
from keras_recipe.checks.regularize.kr415_monitored_logs import monitored_logs
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status
from keras_recipe.surgery.plan import Plan

FALLING = [1.0, 0.6, 0.4, 0.3, 0.25]


def stopping(**facts):
    known = {
        "kind": "EarlyStopping",
        "monitor": "val_loss",
        "mode": "max",
        "better": "min",
        "logged": True,
        "validation": True,
        "patience": 2,
        "restores": False,
        "start": 0,
        "stopped": None,
    }
    return {**known, **facts}


def planned(*monitors, epochs=20):
    return Plan(epochs=epochs, steps=10, monitors=monitors)


def fitted(one, values, epochs=20):
    trace = Trace(epochs=[{"loss": 1.0, one["monitor"]: value} for value in values])
    return Plan(epochs=epochs, steps=10, monitors=[one], trace=trace)


@pytest.mark.parametrize("facts", [{}, {"patience": 100, "restores": True}])
def test_a_loss_read_upside_down_fails_before_the_training(facts):
    result = monitored_logs(planned(stopping(**facts)))
    assert result.status is Status.FAIL
    assert 'mode="min"' in result.fix.code


@pytest.mark.parametrize("epochs", [1, 3])
def test_it_warns_where_the_plan_is_too_short_to_stop(epochs):
    assert monitored_logs(planned(stopping(), epochs=epochs)).status is Status.WARN


@pytest.mark.parametrize("kind", ["ModelCheckpoint", "ReduceLROnPlateau"])
def test_other_callbacks_upside_down_warn(kind):
    assert monitored_logs(planned(stopping(kind=kind))).status is Status.WARN


@pytest.mark.parametrize(
    "facts", [{"mode": "min"}, {"mode": "auto"}, {"better": ""}, {"logged": None}]
)
def test_what_is_right_or_not_known_passes(facts):
    right = {"mode": "min"} if "logged" in facts else {}
    assert monitored_logs(planned(stopping(**right, **facts))).status is Status.PASS


def test_a_fit_that_was_stopped_as_it_learned_fails_with_its_numbers():
    result = monitored_logs(fitted(stopping(stopped=4), FALLING))
    assert result.status is Status.FAIL
    assert "after 5 of 20 epochs" in result.message


def test_the_worst_weights_put_back_fail_with_their_epoch():
    result = monitored_logs(fitted(stopping(restores=True, patience=50), FALLING))
    assert result.status is Status.FAIL
    assert "epoch 1" in result.message
    assert "0.25 in epoch 5" in result.message


def test_an_accuracy_is_read_the_other_way():
    one = stopping(monitor="val_accuracy", mode="min", better="max", restores=True)
    result = monitored_logs(fitted(one, [0.2, 0.5, 0.9]))
    assert result.status is Status.FAIL
    assert "0.2; the best was 0.9" in result.message


@pytest.mark.parametrize("values", [FALLING, FALLING[::-1]])
def test_an_upside_down_reading_that_did_no_harm_warns(values):
    """It never stopped, and nothing was put back."""
    assert monitored_logs(fitted(stopping(), values)).status is Status.WARN


def test_a_stop_that_was_due_anyway_warns():
    values = [0.5, 0.3, 0.4, 0.41, 0.39, 0.4]
    assert monitored_logs(fitted(stopping(stopped=5), values)).status is Status.WARN


@pytest.mark.parametrize(("share", "status"), [(2.9, Status.FAIL), (3.1, Status.WARN)])
def test_the_threshold_decides(share, status):
    one = stopping(restores=True, patience=50)
    assert monitored_logs(fitted(one, FALLING), share=share).status is status


@pytest.mark.parametrize("validation", [True, False])
def test_a_name_that_is_never_logged_warns(validation):
    one = stopping(monitor="val_acc", better="", logged=False, validation=validation)
    result = monitored_logs(planned(one))
    assert result.status is Status.WARN
    assert ("no validation data" in result.message) is not validation


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({}, Status.WARN),
        ({"kind": "ModelCheckpoint"}, Status.WARN),
        ({"kind": "ReduceLROnPlateau"}, Status.PASS),
        ({"validation": False}, Status.PASS),
    ],
)
def test_rows_trained_on_are_no_judge_where_there_is_a_validation(facts, status):
    one = stopping(monitor="loss", mode="min", **facts)
    assert monitored_logs(planned(one)).status is status


def test_no_callback_says_nothing():
    with pytest.raises(NotApplicable):
        monitored_logs(planned())
