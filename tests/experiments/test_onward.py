"""Training on after a fit: the change that teaches is found, and the model stays."""

import keras
import numpy as np
import pytest
import specimens
from keras import layers
from specimens import compiled
from traces import KERNELS, norms

from keras_recipe.callbacks import RecipeMonitor
from keras_recipe.callbacks.trace import Trace
from keras_recipe.experiments.onward import onward, turns

ROWS = 600


def fitted(optimizer, *, epochs=2, batch_size=32, drop=0.0, **dense):
    """A digits classifier after a fit, its trace and the subject."""
    x, y = (part[:ROWS] for part in specimens.digits())
    stack = [layers.Dense(32, activation="relu", **dense), layers.Dropout(drop)]
    model = compiled(*stack, layers.Dense(10, activation="softmax"), optimizer=optimizer)
    subject = specimens.subject(model, x, y, epochs=epochs, batch_size=batch_size)
    monitor = RecipeMonitor(probe=subject.probe, sample=subject.sample)
    fit = {"epochs": epochs, "batch_size": batch_size, "verbose": 0}
    model.fit(x, y, callbacks=[monitor], **fit)
    return model, monitor.trace, subject, batch_size


def looked(optimizer, **settings):
    model, trace, subject, batch_size = fitted(optimizer, **settings)
    before = [np.array(keras.ops.convert_to_numpy(v)) for v in model.variables]
    sample, task = subject.sample, subject.task
    found = onward(model, trace, sample, task, batch_size=batch_size, seed=0, seconds=600)
    after = [np.array(keras.ops.convert_to_numpy(v)) for v in model.variables]
    assert all(np.array_equal(one, two) for one, two in zip(before, after, strict=True))
    return {name: turn["skill"][-1] for name, turn in found["turns"].items()}, found


@pytest.mark.filterwarnings("ignore::keras_recipe.callbacks.monitor.RecipeWarning")
@pytest.mark.parametrize(
    ("name", "optimizer", "settings"),
    [
        ("faster", keras.optimizers.SGD(1e-4), {}),
        ("unclipped", keras.optimizers.SGD(0.3, clipnorm=1e-3), {}),
        (
            "restored",
            keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.01, 1, 0.5)),
            {},
        ),
        ("free", keras.optimizers.Adam(3e-3), {"drop": 0.95}),
        (
            "unadded",
            keras.optimizers.Adam(3e-3),
            {"activity_regularizer": keras.regularizers.L2(10.0)},
        ),
    ],
)
def test_the_change_that_teaches_is_found(name, optimizer, settings):
    shares, found = looked(type(optimizer).from_config(optimizer.get_config()), **settings)
    assert found["skill"] < 0.6
    assert shares[name] > shares["same"] + 0.2


@pytest.mark.filterwarnings("ignore::keras_recipe.callbacks.monitor.RecipeWarning")
def test_a_net_that_learned_is_left_alone():
    shares, found = looked(keras.optimizers.Adam(0.01), epochs=8)
    assert found["skill"] > 0.8
    assert shares == {}


def test_only_what_the_trace_gives_a_reason_for_is_tried():
    model = specimens.classifier()
    assert [turn.name for turn in turns(model, Trace())] == ["same"]
    shapes = {path: [4, 4] for path in KERNELS}
    small = Trace(weights=[norms(1e-5)], shapes=shapes)
    assert [turn.name for turn in turns(model, small)] == ["same", "faster"]
    large = Trace(weights=[norms(0.1)], shapes=shapes)
    assert [turn.name for turn in turns(model, large)] == ["same", "slower"]


def higher(*ratios, rates=(0.01,)):
    """The rate that is tried where the epochs' updates had these sizes."""
    weights, shapes = [norms(ratio) for ratio in ratios], {path: [4, 4] for path in KERNELS}
    plan = {"epochs": 1, "steps": 1, "rates": list(rates)}
    made = Trace(weights=weights, shapes=shapes, plan=plan, epochs=[{"loss": 1.0}])
    found = turns(specimens.classifier(optimizer=keras.optimizers.SGD(0.01)), made)
    return {turn.name: turn.rate for turn in found}["faster"]


def test_a_higher_rate_goes_on_from_where_small_steps_have_become_smaller():
    assert higher(3e-4, 3e-4) == pytest.approx(0.1)
    assert higher(3e-4, 1e-4) == pytest.approx(0.3)
    assert higher(3e-4, 1e-7) == pytest.approx(1.0)  # at most a hundred times
    assert higher(3e-4, 1e-3) == pytest.approx(0.1)  # they have become larger
    assert higher(3e-4, 1e-5, rates=(0.01, 1e-4)) == pytest.approx(0.1)  # so did the rate


@pytest.mark.filterwarnings("ignore::keras_recipe.callbacks.monitor.RecipeWarning")
def test_what_there_was_no_time_for_is_named():
    model, trace, subject, batch_size = fitted(keras.optimizers.SGD(1e-4))
    told = {"batch_size": batch_size, "seed": 0, "seconds": 0.0}
    found = onward(model, trace, subject.sample, subject.task, **told)
    assert found["turns"] == {}
    assert found["untried"][:1] == ["same"]
