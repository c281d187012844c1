"""Regularisation is held against a program only where the same training without it learns."""

import keras
import numpy as np
import pytest
from healthy import ADAM, BUILDERS
from keras import layers as L
from specimens import compiled, digits, examine

from keras_recipe.checks.baseline.kr218_keep_it_simple import keep_it_simple
from keras_recipe.core.result import Status

PATIENT = {"seconds": 120.0}


def net(*, dropout=0.0, l2=0.0, layers=2, optimizer=None):
    penalty = keras.regularizers.L2(l2) if l2 else None
    stack = []
    for _ in range(layers):
        stack.append(L.Dense(32, activation="relu", kernel_regularizer=penalty))
        stack += [L.Dropout(dropout)] if dropout else []
    head = L.Dense(10, activation="softmax", kernel_regularizer=penalty)
    return compiled(*stack, head, optimizer=optimizer or ADAM(3e-3))


def judged(model, thresholds=None, epochs=8):
    x, y = (part[:700] for part in digits())
    limits = {**PATIENT, **(thresholds or {})}
    return examine(keep_it_simple, model, x, y, limits, epochs=epochs)


@pytest.mark.parametrize(
    "burden", [{"dropout": 0.95}, {"l2": 0.3}], ids=["dropout", "penalties"]
)
def test_what_keeps_the_model_from_fitting_fails(burden):
    model = net(**burden)
    before = [np.array(v) for v in model.get_weights()]
    result = judged(model)
    assert result.status is Status.FAIL
    assert result.fix.tried["after"] > 0.8 > 0.3 > result.fix.tried["before"]
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_the_fix_makes_it_train():
    model = net(dropout=0.95)
    judged(model).fix.apply(model)
    x, y = digits()
    model.fit(x[:700], y[:700], epochs=8, verbose=0)
    assert (model.predict(x[700:], verbose=0).argmax(-1) == y[700:]).mean() > 0.8


def test_heavy_dropout_that_works_passes():
    result = judged(net(dropout=0.6), epochs=12)
    assert result.status is Status.PASS
    assert "no harm" in result.message


@pytest.mark.parametrize("name", ["two_heads_with_dropout", "group_norm_and_noise", "logits"])
def test_healthy_programs_pass_without_training(name):
    model, x, y, settings = BUILDERS[name]()
    result = examine(keep_it_simple, model, x, y, PATIENT, **settings)
    assert result.status is Status.PASS
    assert "steps" not in result.message


def test_what_is_there_is_named():
    rate = keras.optimizers.schedules.CosineDecay(1e-3, 100)
    result = judged(net(dropout=0.3, l2=1e-4, optimizer=ADAM(rate)))
    assert result.status is Status.PASS
    for word in ("dropout 0.3, 0.3", "penalties", "CosineDecay"):
        assert word in result.message


def test_the_thresholds_decide_what_is_tried():
    for rate, tried in ((0.55, False), (0.45, True)):
        message = judged(net(dropout=0.5), {"rate": rate, "most_steps": 20}).message
        assert ("explains" in message) is tried


def test_without_time_it_never_fails():
    assert judged(net(dropout=0.95), {"seconds": 0.0}).status is Status.PASS


def test_a_model_that_keeps_its_state_between_batches_of_four_is_read():
    stack = L.SimpleRNN(4, return_sequences=True, stateful=True), L.Dense(1)
    model = keras.Sequential([keras.Input(batch_shape=(4, 6, 1)), *stack])
    model.compile("adam", "mse")
    x = np.random.RandomState(0).rand(40, 6, 1).astype("float32")
    assert examine(keep_it_simple, model, x, 1 - x, batch_size=4).status is Status.PASS
