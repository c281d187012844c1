"""Do no harm: a check in the middle of a training leaves no trace, bit for bit."""

import random

import keras
import numpy as np
import pytest
import specimens
from keras import layers

from keras_recipe.examine import check
from keras_recipe.surgery.preserve import preserve, variables_of

BATCH = 32


class Subclassed(keras.Model):
    """Two layers and a dropout without a graph."""

    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(24, activation="relu")
        self.drop = layers.Dropout(0.3)
        self.head = layers.Dense(10, activation="softmax")

    def call(self, x, training=None):
        return self.head(self.drop(self.hidden(x), training=training))


def _stacked():
    return keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(24),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ]
    )


MAKERS = {"stacked": _stacked, "subclassed": Subclassed}


def _compiled(maker):
    keras.utils.set_random_seed(3)
    model = MAKERS[maker]()
    model.compile("adam", specimens.SPARSE, metrics=["accuracy"])
    return model


def _state(model):
    return [np.array(keras.ops.convert_to_numpy(v.value)) for v in variables_of(model)]


def _equal(a, b):
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("shuffle", [False, True])
def test_training_goes_on_as_if_nothing_had_happened(maker, shuffle):
    x, y = specimens.digits()
    x, y = x[:320], y[:320]
    plan = {"batch_size": BATCH, "epochs": 2, "shuffle": shuffle, "verbose": 0}

    def trained(between):
        model = _compiled(maker)
        first = model.fit(x, y, **plan).history["loss"]
        if between:
            check(model, x, y, batch_size=BATCH, epochs=2, verbose=0)
        second = model.fit(x, y, **plan).history["loss"]
        return first + second, _state(model)

    losses, state = trained(between=False)
    checked_losses, checked_state = trained(between=True)
    assert checked_losses == losses
    assert _equal(checked_state, state)


@pytest.mark.parametrize("maker", MAKERS)
def test_two_and_two_epochs_around_a_check_are_four_without(maker):
    x, y = specimens.digits()
    x, y = x[:320], y[:320]
    plan = {"batch_size": BATCH, "shuffle": False, "verbose": 0}
    whole = _compiled(maker)
    four = whole.fit(x, y, epochs=4, **plan).history["loss"]
    halves = _compiled(maker)
    two = halves.fit(x, y, epochs=2, **plan).history["loss"]
    check(halves, x, y, batch_size=BATCH, epochs=4, verbose=0)
    two += halves.fit(x, y, epochs=2, **plan).history["loss"]
    assert two == four
    assert _equal(_state(halves), _state(whole))


def test_a_check_before_any_training_leaves_no_trace():
    x, y = specimens.digits()
    x, y = x[:320], y[:320]

    def trained(first):
        model = _compiled("subclassed")  # not built: the check builds it as fit would
        if first:
            check(model, x, y, batch_size=BATCH, verbose=0)
        return model.fit(x, y, batch_size=BATCH, epochs=2, verbose=0).history["loss"]

    assert trained(first=True) == trained(first=False)


def test_global_generators_are_restored():
    model = _compiled("stacked")

    def draws():
        return (
            random.random(),
            np.random.rand(),
            float(keras.ops.convert_to_numpy(keras.random.uniform(()))),
        )

    keras.utils.set_random_seed(5)
    keras.random.uniform(())  # the global generator exists
    with preserve(model):
        inside = draws()
    assert draws() == inside


def _wreck(model):
    with preserve(model):
        model.trainable = False
        model.layers[0].trainable = True
        model.optimizer = keras.optimizers.SGD()
        for variable in model.weights:
            variable.assign(variable * 0 + 7)
        raise RuntimeError("planted")


def test_flags_and_values_are_restored_after_an_exception():
    model = _compiled("stacked")
    model.optimizer.build(model.trainable_variables)
    before, functions = _state(model), (model.train_function, model.optimizer)
    with pytest.raises(RuntimeError, match="planted"):
        _wreck(model)
    assert _equal(_state(model), before)
    assert all(layer.trainable for layer in model.layers)
    assert (model.train_function, model.optimizer) == functions


def test_restore_may_be_called_again():
    model = _compiled("stacked")
    before = _state(model)
    with preserve(model) as guard:
        for value in (1.0, 2.0):
            model.layers[0].bias.assign(model.layers[0].bias * 0 + value)
            guard.restore()
            assert _equal(_state(model), before)


def test_a_dropout_that_never_rests_draws_what_it_would_have_drawn():
    """Its seed moves in inference too, so every look at the outputs has to be put back."""
    inputs = keras.Input((64,))
    head = layers.Dense(10, activation="softmax")
    model = keras.Model(inputs, head(layers.Dropout(0.3)(inputs, training=True)))
    model.compile("adam", specimens.SPARSE, metrics=["accuracy"])
    before = [np.array(keras.ops.convert_to_numpy(v)) for v in variables_of(model)]
    check(model, *(part[:64] for part in specimens.digits()), select=["KR202"], verbose=0)
    after = [np.array(keras.ops.convert_to_numpy(v)) for v in variables_of(model)]
    assert all(map(np.array_equal, before, after))


def test_a_step_traced_by_one_check_serves_the_next_and_is_gone_in_the_end(monkeypatch):
    """The compiled loss is built before, so nothing that was traced has to be thrown away."""
    steps, fit = [], keras.Model.fit

    def watched(self, *args, **kwargs):
        found = fit(self, *args, **kwargs)
        steps.append(self.train_function)
        return found

    monkeypatch.setattr(keras.Model, "fit", watched)
    model = specimens.classifier(metrics=["accuracy"])
    check(model, *specimens.digits(), select=["KR201", "KR209", "KR302"], verbose=0)
    assert len(steps) > 3
    assert all(one is steps[0] for one in steps)
    assert model.train_function is None
