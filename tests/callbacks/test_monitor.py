"""The monitor records a training, judges it, and changes nothing."""

import copy
import json
import math
import pickle
import time
import warnings

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.callbacks import RecipeMonitor, RecipeWarning
from keras_recipe.callbacks.monitor import judge
from keras_recipe.callbacks.trace import Trace
from keras_recipe.core.errors import ConfigError, InputError, RecipeFailed
from keras_recipe.core.result import Status
from keras_recipe.data.batch import Batch


def rows(n=96):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(n, 6)).astype("float32")
    return x, (x[:, 0] > 0).astype("int32")


def healthy():
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(16, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01)),
            layers.Dropout(0.2),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    return model


def broken():
    """NaN in one row of the third batch."""
    x, y = rows()
    x[2 * 16 + 1] = np.nan
    return healthy(), {"x": x, "y": y, "batch_size": 16, "shuffle": False, "verbose": 0}


def test_a_training_is_recorded_and_passes():
    model, (x, y) = healthy(), rows()
    monitor = RecipeMonitor(probe=Batch(x[:32], y[:32]))
    data = {"validation_data": (x, y), "batch_size": 16, "verbose": 0}
    history = model.fit(x, y, epochs=5, callbacks=[monitor], **data).history
    trace = monitor.trace
    assert trace.series("loss") == history["loss"]
    assert trace.series("val_loss") == history["val_loss"]
    assert trace.steps == [6] * 5
    assert trace.learning_rate == pytest.approx([0.01] * 5)
    assert set(trace.weights[0]) == set(trace.shapes)
    assert len(trace.shapes) == 4
    for numbers in trace.weights[-1].values():
        assert numbers["update_norm"] > 0
        assert 1e-6 < numbers["update_ratio"] < 1
    assert [found["epoch"] for found in trace.activations] == [0, 4]  # epochs of few steps
    assert len(trace.activations[0]["layers"]) == 3
    kernel = keras.ops.convert_to_numpy(model.layers[0].kernel)
    assert trace.penalty == pytest.approx(0.01 * float((kernel**2).sum()), rel=1e-4)
    assert trace.unchanged == []
    assert trace.notes == []
    assert json.dumps(trace.to_dict(), allow_nan=False)
    assert monitor.report.ok
    assert {"KR310", "KR311", "KR313", "KR317"} <= {r.code for r in monitor.report.results}
    assert not any(r.status is Status.ERROR for r in monitor.report.results)


def test_losses_and_weights_are_those_of_a_training_without_it():
    x, y = rows()
    found = []
    for watched in (False, True):
        model = healthy()
        callbacks = [RecipeMonitor(probe=(x[:8], y[:8]))] if watched else []
        fit = {"epochs": 2, "batch_size": 16, "verbose": 0, "callbacks": callbacks}
        losses = model.fit(x, y, **fit).history["loss"] + model.fit(x, y, **fit).history["loss"]
        state = [
            keras.ops.convert_to_numpy(v).tobytes()
            for v in (*model.variables, *model.optimizer.variables)
        ]
        found.append((losses, state))
    assert found[0] == found[1]


def test_the_wait_for_data_is_recorded():
    class Slow(keras.utils.PyDataset):
        def __len__(self):
            return 24

        def __getitem__(self, index):
            time.sleep(0.02)
            x, y = rows(8)
            return x, y

    model, monitor = healthy(), RecipeMonitor()
    model.fit(Slow(), verbose=0, callbacks=[monitor])
    if keras.backend.backend() == "tensorflow":
        assert monitor.trace.waiting == []
        assert monitor.report["KR320"].status is Status.SKIP
    else:
        assert monitor.trace.waiting[0]["waited"] > 0.01
        assert monitor.report["KR320"].status is not Status.SKIP  # which, the machine decides


def test_a_failure_warns_once_when_training_ends():
    model, fit = broken()
    monitor = RecipeMonitor()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        model.fit(**fit, epochs=3, callbacks=[monitor])
    texts = [str(w.message) for w in seen if w.category is RecipeWarning]
    assert [text[:5] for text in texts] == ["KR310"]
    assert len(monitor.trace.epochs) == 3
    assert monitor.trace.first_bad["step"] == 2
    assert monitor.report["KR310"].status is Status.FAIL


def test_a_failure_stops_the_training():
    model, fit = broken()
    monitor = RecipeMonitor(on_fail="stop")
    model.fit(**fit, epochs=5, callbacks=[monitor])
    assert len(monitor.trace.epochs) == 1
    assert monitor.report["KR310"].status is Status.FAIL


def test_a_failure_raises_and_leaves_the_optimizer_plain():
    model, fit = broken()
    plain = type(model.optimizer)
    with pytest.raises(RecipeFailed, match="KR310"):
        model.fit(**fit, epochs=5, callbacks=[RecipeMonitor(on_fail="raise")])
    assert type(model.optimizer) is plain


def test_it_can_be_copied_pickled_and_used_again():
    model, (x, y) = healthy(), rows()
    monitor = RecipeMonitor(probe=(x[:8], y[:8]))
    for _ in range(2):
        model.fit(x, y, verbose=0, callbacks=[monitor])
        assert len(monitor.trace.epochs) == 1
    for other in (copy.deepcopy(monitor), pickle.loads(pickle.dumps(monitor))):
        assert other.trace == monitor.trace
        healthy().fit(x, y, epochs=2, verbose=0, callbacks=[other])
        assert len(other.trace.epochs) == 2
    assert len(monitor.trace.epochs) == 1


def test_of_two_monitors_the_second_says_what_it_misses():
    model, (x, y) = healthy(), rows()
    first, second = RecipeMonitor(), RecipeMonitor()
    model.fit(x, y, verbose=0, callbacks=[first, second])
    assert len(first.trace.epochs) == len(second.trace.epochs) == 1
    assert first.trace.steps == [3]
    assert "another monitor" in second.trace.notes[0]


def test_what_is_not_watched_is_said_and_training_goes_on():
    several = keras.optimizers.MultiOptimizer(
        keras.optimizers.OptimizerMap(keras.optimizers.Adam())
    )
    model, (x, y) = healthy(), rows()
    model.compile(several, "sparse_categorical_crossentropy")
    monitor = RecipeMonitor()
    model.fit(x, y, epochs=2, verbose=0, callbacks=[monitor])
    assert "several optimizers" in monitor.trace.notes[0]
    assert len(monitor.trace.epochs) == 2
    assert monitor.report.ok


def test_a_probe_that_does_not_fit_is_noted():
    model, (x, y) = healthy(), rows()
    monitor = RecipeMonitor(probe=(np.ones((4, 9), "float32"),))
    model.fit(x, y, verbose=0, callbacks=[monitor])
    assert any("activations" in note for note in monitor.trace.notes)


def test_bad_settings_are_refused():
    with pytest.raises(ConfigError, match="on_fail"):
        RecipeMonitor(on_fail="stpo")
    with pytest.raises(InputError, match="probe"):
        RecipeMonitor(probe=[1, 2])
    for pace in (0, 1.5, "2"):
        with pytest.raises(InputError, match="pace"):
            RecipeMonitor(pace=pace)


def test_an_empty_trace_is_skipped_not_failed():
    report = judge(Trace())
    assert report.ok
    assert {r.status for r in report.results} == {Status.SKIP}


def test_the_report_of_an_interrupted_training_is_what_is_known():
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    model, (x, y) = healthy(), rows()
    monitor = RecipeMonitor()
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, verbose=0, callbacks=[monitor, Stop()])
    monitor.close()
    assert type(model.optimizer) is type(healthy().optimizer)
    assert monitor.report["KR310"].status is Status.PASS
    assert math.isfinite(monitor.trace.epochs[0]["loss"])


def test_a_plan_is_recorded_and_what_training_on_brings_changes_the_verdict():
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 1, 0.1)
    model, (x, y) = healthy(), rows()
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    monitor = RecipeMonitor()
    model.fit(x, y, epochs=10, verbose=0, callbacks=[monitor])
    assert monitor.trace.plan["epochs"] == 10
    assert monitor.trace.plan["rates"][1] == pytest.approx(0.001)
    assert monitor.report["KR304"].status is not Status.FAIL
    turns = {
        name: {"rate": 0.01, "batch_size": 32, "steps": [50, 100, 150], "skill": [share] * 3}
        for name, share in (("same", 0.1), ("restored", 0.9))
    }
    with pytest.warns(RecipeWarning, match="KR304"):
        report = monitor.reconsider({"skill": 0.1, "rows": 400, "turns": turns})
    assert report["KR304"].status is Status.FAIL
    assert monitor.report is report


CYCLE = keras.callbacks.LearningRateScheduler(lambda epoch: 0.001 + 0.01 * (epoch % 4))
ODD = {
    "restarts": keras.optimizers.schedules.CosineDecayRestarts(0.02, 9),
    "cosine": keras.optimizers.schedules.CosineDecay(0.02, 60),
    "warm-up": keras.optimizers.schedules.PolynomialDecay(1e-5, 60, 0.02),
}


@pytest.mark.parametrize("name", [*ODD, "cycle", "one row", "one epoch", "all rows"])
def test_odd_but_healthy_trainings_are_not_failed(name):
    model, (x, y) = healthy(), rows()
    optimizer = keras.optimizers.Adam(ODD.get(name, 0.01))
    model.compile(optimizer, "sparse_categorical_crossentropy")
    size = {"one row": 1, "all rows": len(x)}.get(name, 32)
    monitor = RecipeMonitor(probe=(x[:16], y[:16]), sample=(x, y))
    callbacks = [CYCLE, monitor] if name == "cycle" else [monitor]
    epochs = {"one row": 3, "one epoch": 1}.get(name, 20)
    model.fit(x, y, epochs=epochs, batch_size=size, verbose=0, callbacks=callbacks)
    assert monitor.report.ok
    assert not any(result.status is Status.ERROR for result in monitor.report.results)
