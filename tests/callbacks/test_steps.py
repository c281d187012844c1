"""An epoch's readings summed up."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.callbacks.steps import StepWatch
from keras_recipe.callbacks.trace import Trace
from keras_recipe.surgery.step_recorder import Readings


class Given:
    """Stands for an instrument whose readings are known."""

    failure = ""

    def __init__(self, *readings):
        self.readings = list(readings)

    def read(self):
        return self.readings.pop(0)

    def remove(self):
        pass


def reading(rows, total, first_bad=None):
    norms = np.array(rows, "float64").reshape(len(rows), 2, 3)
    return Readings(np.arange(total - len(rows), total), norms, first_bad or {}, total)


def watch(*readings):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1, name="d")])
    model.compile("sgd", "mse")
    trace = Trace()
    made = StepWatch(model, trace)
    made.end()
    made._instrument = Given(*readings)
    for _ in readings:
        trace.epochs.append({})
        made.end_epoch()
    return trace


def test_medians_and_the_last_step_are_kept():
    rows = [[g, 4.0, 0.4, 0.0, 2.0, 0.1] for g in (1.0, 5.0, 9.0, 7.0, 3.0)]
    trace = watch(reading(rows, 5))
    kernel = trace.weights[0]["d/kernel"]
    assert kernel["gradient_norm"] == 5.0
    assert kernel["update_ratio"] == pytest.approx(0.1)
    assert kernel["last"]["gradient_norm"] == 3.0
    assert trace.steps == [5]


def test_steps_that_only_accumulate_are_left_out():
    rows = [[1.0, 4.0, 0.0, 1.0, 2.0, 0.0]] * 4 + [[2.0, 4.0, 0.8, 2.0, 2.0, 0.2]]
    assert watch(reading(rows, 5)).weights[0]["d/kernel"]["update_ratio"] == pytest.approx(0.2)


def test_a_gradient_that_does_not_exist_is_none():
    trace = watch(reading([[1.0, 4.0, 0.4, -1.0, 2.0, 0.0]], 1))
    assert trace.weights[0]["d/bias"]["gradient_norm"] is None
    assert trace.weights[0]["d/kernel"]["gradient_norm"] == 1.0


def test_the_first_bad_step_keeps_its_story():
    rows = [[3.0, 1.0, 0.1, 4.0, 1.0, 0.1], [np.nan, 1.0, 0.1, 4.0, 1.0, 0.1]]
    later = reading([], 9, {0: 3, 1: 4})
    trace = watch(reading(rows, 4, {0: 3}), later)
    assert trace.first_bad == {"step": 3, "weights": ["d/kernel"]}
    assert trace.tail[0] == pytest.approx(5.0)
    assert trace.weights[0]["d/kernel"]["gradient_norm"] == 3.0  # of the sound steps
    assert trace.weights[1] == {}
    assert trace.steps == [4, 5]
