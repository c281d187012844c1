"""It stops where Keras stops, and records why."""

import copy

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.callbacks import EarlyStopping, RecipeMonitor
from keras_recipe.core.result import Status


class Scripted(keras.callbacks.Callback):
    """Puts known values of a metric into the logs."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = self.values[epoch]


VALUES = [1.0, 0.8, 0.6, 0.5, 0.62, 0.71, 0.83, 0.9, 1.0, 1.1]


def fit(*callbacks, values=VALUES):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((4, 2), "float32")
    listed = [Scripted(values), *callbacks]
    model.fit(x, x[:, :1], epochs=len(values), verbose=0, callbacks=listed)
    return model


@pytest.mark.parametrize("restore", [True, False])
def test_it_stops_where_keras_stops(restore):
    settings = {"monitor": "val_loss", "patience": 3, "restore_best_weights": restore}
    ours, theirs = EarlyStopping(**settings), keras.callbacks.EarlyStopping(**settings)
    model, other = fit(ours), fit(theirs)
    assert (ours.stopped_epoch, ours.best_epoch) == (theirs.stopped_epoch, theirs.best_epoch)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        assert np.array_equal(a, b)
    record = ours.trace.stopping
    assert record["values"] == VALUES[:7]
    assert record["best_epoch"] == 3
    assert record["stopped_epoch"] == 6
    assert record["restored"] is restore
    assert record["smaller_is_better"]


def test_its_report_is_kr410_and_a_monitor_shares_it():
    stopping, monitor = EarlyStopping(patience=3), RecipeMonitor()
    fit(stopping, monitor)
    assert stopping.report["KR410"].status is Status.WARN
    assert monitor.trace is stopping.trace
    assert monitor.report["KR410"].where == "epoch 4"
    restored = EarlyStopping(patience=3, restore_best_weights=True)
    fit(restored)
    assert restored.report["KR410"].status is Status.PASS


def test_it_can_be_copied_and_used_again():
    stopping = EarlyStopping(patience=3, restore_best_weights=True)
    for callback in (stopping, stopping, copy.deepcopy(stopping)):
        fit(callback)
        assert callback.trace.stopping["stopped_epoch"] == 6
