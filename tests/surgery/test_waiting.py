"""Some steps are timed, and the fit is what it was."""

import time

import keras
import numpy as np
import pytest

from keras_recipe.surgery import waiting
from keras_recipe.surgery.waiting import STEPS, Waiting, untimed

TIMED = keras.backend.backend() != "tensorflow"


class Slow(keras.utils.PyDataset):
    """Batches that take their time."""

    def __init__(self, rest, batches=40):
        super().__init__()
        self.rest, self.batches = rest, batches

    def __len__(self):
        return self.batches

    def __getitem__(self, index):
        time.sleep(self.rest)
        x = np.random.default_rng(index).normal(size=(8, 4)).astype("float32")
        return x, x[:, :1]


class Timing(keras.callbacks.Callback):
    """Times a fit as the monitor does."""

    def __init__(self):
        super().__init__()
        self.found = []

    def on_train_begin(self, logs=None):
        self.waiting = Waiting(self.model)

    def on_epoch_begin(self, epoch, logs=None):
        self.waiting.begin_epoch(epoch, self.params["steps"])

    def on_epoch_end(self, epoch, logs=None):
        self.found.append(self.waiting.end_epoch())

    def on_train_end(self, logs=None):
        self.waiting.remove()


def net():
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def fitted(callbacks, rest=0.0, **settings):
    model = net()
    settings = {"epochs": 5, "verbose": 0, "shuffle": False, **settings}
    return model, model.fit(Slow(rest), callbacks=callbacks, **settings).history["loss"]


@pytest.mark.skipif(not TIMED, reason="TensorFlow reads within its compiled step")
def test_the_wait_of_a_slow_pipeline_is_measured():
    timing = Timing()
    fitted([timing], rest=0.02, epochs=1)
    found = timing.found[0]
    assert found["steps"] == STEPS
    assert found["waited"] > 0.01
    assert 0 < found["delayed"] < found["waited"]


@pytest.mark.skipif(not TIMED, reason="TensorFlow reads within its compiled step")
def test_each_step_is_timed_beside_a_thread_that_does_nothing(monkeypatch):
    delays = iter([9.0, *[0.25] * 5, *[0.5] * 3])  # the first step only waits for the others
    monkeypatch.setattr(waiting, "_delay", lambda: next(delays))
    timing = Timing()
    fitted([timing], epochs=1)
    assert timing.found[0]["delayed"] == 0.25
    assert next(delays, None) is None


def test_losses_are_the_same_and_the_function_is_put_back():
    timing = Timing()
    model, losses = fitted([timing])
    assert losses == fitted([])[1]
    assert untimed(model) is model.train_function
    looked = [epoch for epoch, found in enumerate(timing.found) if found is not None]
    assert looked == ([0, 3] if TIMED else [])


@pytest.mark.parametrize(("seconds", "looks"), [(None, True), (0.01, True), (0.001, False)])
def test_an_epoch_whose_steps_are_too_short_to_wait_long_is_left_alone(seconds, looks):
    watch = Waiting(net())
    watch.begin_epoch(3, 40, seconds)
    assert bool(watch._window) is looks


def test_short_epochs_are_not_judged():
    timing = Timing()
    fitted([timing], steps_per_epoch=4)
    assert timing.found == [None] * 5


def test_what_an_interrupted_fit_left_is_taken_off():
    model = net()
    model.make_train_function()
    plain = model.train_function
    Waiting(model)
    assert model.train_function is not plain
    again = Waiting(model)
    again.remove()
    assert model.train_function is plain
