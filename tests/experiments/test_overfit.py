import keras
import numpy as np
import pytest
from specimens import classifier, digits, subject

from keras_recipe.experiments.overfit import Outcome, overfit
from keras_recipe.surgery.preserve import preserve


def outcome(*losses, steps=None, floor=0.0, constant=1.0):
    steps = steps or [10 * i for i in range(len(losses))]
    return Outcome(steps, losses, floor, constant, finished=True)


def test_explained_is_the_share_of_the_way_down():
    assert outcome(3.0, 1.0, floor=0.5, constant=2.5).explained == pytest.approx(0.75)
    assert np.isnan(outcome(1.0, constant=0.0).explained)


def test_a_steady_fall_is_projected_in_a_straight_line():
    falling = outcome(1.0, 0.9, 0.8, 0.7, steps=[0, 10, 20, 30])
    assert falling.projected(60) == pytest.approx(0.6)
    assert falling.projected(10) == pytest.approx(falling.explained)


def test_a_flat_loss_is_projected_flat():
    assert outcome(0.8, 0.8, 0.8, 0.8).projected(10**6) == pytest.approx(0.2)


def test_diverged_means_above_start_and_constant_or_no_number():
    assert outcome(1.5, 2.0).has_diverged
    assert outcome(1.5, float("nan")).has_diverged
    assert not outcome(1.5, 1.2).has_diverged
    assert not outcome(0.5, 0.9).has_diverged


def test_it_stops_at_the_goal_and_not_before():
    model = classifier(optimizer="adam")
    made = subject(model, *digits())
    rows = made.probe.take(slice(0, 4))
    with preserve(model):
        found = overfit(model, rows, made.task, steps=400, seconds=60, goal=0.5)
    assert found.explained >= 0.5
    assert found.steps[-1] < 400
    before = (found.constant - found.losses[-2]) / (found.constant - found.floor)
    assert before < 0.5


class Masking(keras.layers.Layer):
    """Perfect when it trains, and of no use when it predicts."""

    def call(self, inputs, training=False):
        return inputs if training else 0 * inputs


def test_a_loss_that_is_low_in_training_alone_is_not_reached_and_costs_no_more_calls():
    model = classifier(optimizer=keras.optimizers.Adam(0.01))
    odd = keras.Sequential([keras.Input((64,)), model.layers[0], Masking(), model.layers[1]])
    odd.compile(model.optimizer, model.loss)
    made = subject(odd, *digits())
    rows = made.probe.take(slice(0, 4))
    with preserve(odd):
        reached = overfit(odd, rows, made.task, steps=100, seconds=60.0, goal=0.9)
    assert reached.explained < 0.5
    assert reached.steps[-1] == 100
    assert len(reached.steps) < 12
