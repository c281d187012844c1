"""What a fit would do, before it does it."""

import keras
import pytest
import specimens

from keras_recipe.surgery.plan import POINTS, optimizer_facts, plan

schedules = keras.optimizers.schedules


def planned(optimizer, epochs=10, steps=50):
    return plan(specimens.classifier(optimizer=optimizer), epochs, steps)


def test_a_schedule_is_simulated_over_the_real_number_of_steps():
    rates = planned(keras.optimizers.Adam(schedules.CosineDecay(0.1, 500))).rates
    assert len(rates) == POINTS
    assert rates[0] == pytest.approx(0.1)
    assert rates[-1] == pytest.approx(0.0, abs=1e-5)


def test_a_short_plan_has_a_rate_for_every_step():
    rates = planned(keras.optimizers.SGD(schedules.ExponentialDecay(1.0, 1, 0.5)), 2, 2).rates
    assert rates == pytest.approx([1.0, 0.5, 0.25, 0.125])


def test_plain_rates_and_unknown_steps_have_no_schedule():
    assert planned(keras.optimizers.Adam()).rates == []
    assert (
        planned(keras.optimizers.Adam(schedules.CosineDecay(0.1, 500)), steps=None).rates == []
    )


def test_a_schedule_that_raises_is_left_out():
    class Broken(schedules.LearningRateSchedule):
        def __call__(self, step):
            raise KeyError(step)

        def get_config(self):
            return {}

    made = specimens.classifier(optimizer="sgd")
    made.optimizer._learning_rate = Broken()
    found = plan(made, 5, 10)
    assert found.rates == []
    assert "learning_rate" not in found.optimizer


def test_the_optimizers_settings_are_seen():
    made = specimens.classifier(optimizer=keras.optimizers.AdamW(0.1, clipnorm=2))
    known = {"learning_rate": 0.1, "clipnorm": 2.0, "weight_decay": 0.004}
    assert optimizer_facts(made) == {"name": "AdamW", "scales_loss": False, **known}


def test_loss_scaling_is_seen():
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(-0.5))
    facts = optimizer_facts(specimens.classifier(optimizer=scaled))
    assert facts == {"name": "Adam", "scales_loss": True, "learning_rate": -0.5}


def test_a_scheduler_callback_decides_by_epoch():
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch: 0.5**epoch)
    found = plan(specimens.classifier(), 3, 2, [scheduler])
    assert found.rates == [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    assert found.by_callback
    assert not plan(specimens.classifier(), 3, None, [scheduler]).rates
    plateau = keras.callbacks.ReduceLROnPlateau()
    assert plan(specimens.classifier(), 3, 2, plateau).unforeseen == ["ReduceLROnPlateau"]
