"""A few fixed rows, looked at while a model is trained."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.callbacks import RecipeMonitor
from keras_recipe.callbacks.probing import ProbeWatch, as_batch
from keras_recipe.callbacks.trace import Trace
from keras_recipe.data.batch import Batch

X = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
Y = np.arange(16) % 2


def model(head="sigmoid", loss="binary_crossentropy"):
    made = keras.Sequential([keras.Input((3,)), layers.Dense(1, activation=head)])
    made.compile("sgd", loss)
    return made


@pytest.mark.parametrize(
    ("pace", "steps", "looked"),
    [
        (None, None, [0, 1, 3, 7, 13]),
        (None, 200, [0, 1, 3, 7, 13]),
        (None, 16, [0, 8, 13]),
        (4, 16, [0, 4, 8, 12, 13]),
        (1, None, [*range(14)]),
    ],
)
def test_it_looks_at_its_pace_and_at_the_end(pace, steps, looked):
    trace = Trace()
    watch = ProbeWatch(model(), Batch(X, Y), trace, pace=pace)
    for _ in range(14):
        trace.epochs.append({"loss": 1.0})
        trace.steps.append(steps)
        watch.end_epoch()
    watch.end()
    assert [found["epoch"] for found in trace.activations] == looked


@pytest.mark.parametrize(("losses", "known"), [((1.0, 0.9), True), ((1.0, 0.3), False)])
def test_the_constants_loss_is_found_where_little_was_learned(losses, known):
    trace = Trace(epochs=[{"loss": loss} for loss in losses])
    ProbeWatch(model(), Batch(X, Y), trace).end()
    if known:
        assert trace.constant_loss == pytest.approx(np.log(2), rel=1e-3)
    else:
        assert trace.constant_loss is None


def test_equal_predictions_have_no_spread():
    made, trace = model(), Trace(epochs=[{"loss": 1.0}])
    made.layers[0].kernel.assign(np.zeros((3, 1)))
    ProbeWatch(made, Batch(X, Y), trace).end()
    assert trace.outputs == [{"spread": 0.0, "scale": 0.5}]
    assert trace.program["labels_vary"] is True
    other = Trace(epochs=[{"loss": 1.0}])
    ProbeWatch(model(), Batch(X, Y * 0), other).end()
    assert other.program["labels_vary"] is False
    assert other.outputs[0]["spread"] > 0


def test_a_batch_may_be_a_tuple():
    assert as_batch(None) is None
    assert len(as_batch((X, Y))) == 16


def test_a_summed_loss_has_no_constant_to_compare_epochs_with():
    x = np.ones((8, 3), "float32")
    y = np.arange(8, dtype="float32")
    for reduction, known in (("sum", False), ("sum_over_batch_size", True)):
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd", keras.losses.MeanSquaredError(reduction=reduction))
        monitor = RecipeMonitor(probe=(x, y), sample=(x, y))
        model.fit(x, y, verbose=0, callbacks=[monitor])
        assert (monitor.trace.constant_loss is not None) is known


def test_targets_that_nobody_reads_leave_no_constant_to_compare_with():
    trace = Trace(epochs=[{"loss": 1.0}, {"loss": 0.9}])
    ProbeWatch(model(), Batch(X, Y * 0 + 1), trace).end()
    assert trace.constant_loss is None
