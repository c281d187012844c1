"""Rates that die before the training ends, and those that only end with it."""

import keras
import numpy as np
import pytest
import specimens
from traces import onward, plan, trace

from keras_recipe.checks.overfit.kr304_learning_rate_decay import learning_rate_decay
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

schedules = keras.optimizers.schedules
DEAD = [1e-3] * 5 + [1e-8] * 95


def died(*, limits=None, **fields):
    made = trace(
        0.9, 0.85, 0.85, 0.85, plan={"epochs": 4, "steps": 50, "rates": DEAD}, **fields
    )
    return learning_rate_decay(plan(made), **(limits or {}))


def test_a_dead_rate_that_would_still_have_taught_fails():
    result = died(onward=onward(0.1, same=[0.1] * 3, restored=[0.5, 0.7, 0.9]))
    assert result.status is Status.FAIL
    assert "step 10 of 200" in result.message
    assert result.fix.tried["after"] == 0.9


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, Status.WARN),
        ({"onward": onward(0.1, same=[0.1] * 3, restored=[0.2] * 3)}, Status.WARN),
        ({"onward": onward(0.9)}, Status.WARN),  # within ten steps at full rate
        ({"onward": onward(0.9), "limits": {"strong": 10}}, Status.PASS),
        ({"constant_loss": 10.0, "limits": {"strong": 10}}, Status.PASS),  # most loss is gone
        ({"constant_loss": 1.0, "limits": {"strong": 10}}, Status.WARN),
    ],
)
def test_without_proof_it_does_not_fail(fields, status):
    assert died(**fields).status is status


@pytest.mark.parametrize("name", ["cosine", "steps", "warm", "restarts", "poly"])
def test_decays_that_end_with_the_training_pass(name):
    steps = np.arange(100)
    rates = {
        "cosine": 0.5 + 0.5 * np.cos(np.pi * steps / 100),
        "steps": np.where(steps < 50, 1.0, np.where(steps < 75, 0.1, 0.01)),
        "warm": np.minimum(steps / 20, (100 - steps) / 80),
        "restarts": 0.5 + 0.5 * np.cos(np.pi * (steps % 25) / 25),
        "poly": (1 - steps / 100) ** 2,
    }[name]
    assert learning_rate_decay(plan(rates=rates.tolist())).status is Status.PASS


def test_a_rate_that_a_callback_lowers_is_seen_by_epoch():
    made = trace(*[0.9] * 10, learning_rate=[10.0**-n for n in range(3, 13)])
    assert learning_rate_decay(plan(made)).status is Status.WARN


def test_before_training_few_steps_at_full_rate_warn_and_name_epochs():
    x, y = specimens.digits()
    rate = schedules.ExponentialDecay(1e-2, decay_steps=1, decay_rate=0.7)
    model = specimens.classifier(optimizer=keras.optimizers.Adam(rate))
    result = specimens.examine(learning_rate_decay, model, x, y, epochs=20)
    assert result.status is Status.WARN
    assert "count epochs" in result.cause
    assert "20 * 57" in result.fix.code


def test_before_training_a_long_plan_decides():
    rates = {"rates": DEAD, "epochs": 100, "steps": 100}
    assert learning_rate_decay(plan(**rates)).status is Status.PASS
    assert learning_rate_decay(plan(**rates), strong=1000).status is Status.WARN


def test_a_plain_rate_is_not_judged():
    with pytest.raises(NotApplicable, match="no schedule"):
        learning_rate_decay(plan())


def test_the_picture_shows_steps_epochs_and_the_end_of_the_rate():
    result = learning_rate_decay(plan(rates=DEAD, epochs=20, steps=100))
    (picture,) = result.pictures
    assert picture["x"][-1] == 1999
    assert picture["marks"]["under 1% of the peak"] == pytest.approx(0.05 * 2000)
    assert {"epoch 4": 400, "epoch 16": 1600}.items() <= picture["marks"].items()
    assert result.evidence["share_before_1%_of_peak"] == pytest.approx(0.05)


def test_a_scheduler_among_the_callbacks_is_simulated():
    x, y = specimens.digits()
    dies = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 * rate)
    result = specimens.examine(
        learning_rate_decay,
        specimens.classifier(),
        x,
        y,
        {"strong": 200},
        epochs=20,
        callbacks=[dies],
    )
    assert result.status is Status.WARN
    assert "A callback lowers" in result.cause
    assert result.measured == pytest.approx(0.1, abs=0.03)


def test_what_cannot_be_simulated_is_named():
    x, y = specimens.digits()
    plateau = keras.callbacks.ReduceLROnPlateau()
    with pytest.raises(NotApplicable, match="ReduceLROnPlateau decides"):
        specimens.examine(
            learning_rate_decay, specimens.classifier(), x, y, callbacks=[plateau]
        )
    rate = schedules.CosineDecay(1e-2, 20 * 57)
    model = specimens.classifier(optimizer=keras.optimizers.Adam(rate))
    result = specimens.examine(learning_rate_decay, model, x, y, epochs=20, callbacks=[plateau])
    assert result.status is Status.PASS
    assert "not simulated" in result.message
    assert result.evidence["not_simulated"] == ["ReduceLROnPlateau"]
