"""A rate at which nothing is learned fails; ordinary optimizers at ordinary rates do not."""

import keras
import pytest
from healthy import PLAN, some_digits
from keras import layers as L
from specimens import compiled, examine

from keras_recipe.checks.overfit.kr302_adam import adam
from keras_recipe.core.errors import NotApplicable


def verdict(optimizer, thresholds=None, **settings):
    stack = L.Dense(32, activation="relu"), L.Dense(10, activation="softmax")
    x, y = some_digits()
    return examine(
        adam, compiled(*stack, optimizer=optimizer), x, y, thresholds, **PLAN | settings
    )


@pytest.mark.parametrize(
    ("optimizer", "word"),
    [
        (lambda: keras.optimizers.SGD(1e-6), "Adam"),
        (lambda: keras.optimizers.Adam(3.0), "rate of 0.3"),
        (lambda: keras.optimizers.SGD(0.1, clipnorm=1e-6), "Adam"),
    ],
)
def test_a_rate_that_learns_nothing_fails_and_what_mends_it_is_named(optimizer, word):
    result = verdict(optimizer())
    assert result.status == "fail"
    assert word in result.fix.text or "Adam" in result.fix.text
    assert result.fix.tried["after"] > result.fix.tried["before"]


def test_the_fix_trains():
    x, y = some_digits()
    stack = L.Dense(32, activation="relu"), L.Dense(10, activation="softmax")
    model = compiled(*stack, optimizer=keras.optimizers.SGD(1e-6))
    result = examine(adam, model, x, y, **PLAN)
    result.fix.apply(model)
    assert examine(adam, model, x, y, **PLAN).status == "pass"


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: keras.optimizers.SGD(0.05),
        lambda: keras.optimizers.SGD(0.01, momentum=0.9),
        lambda: keras.optimizers.Adam(3e-4),
        lambda: keras.optimizers.RMSprop(1e-3),
        lambda: keras.optimizers.Adamax(1e-3),
        lambda: keras.optimizers.Lion(1e-3),
        lambda: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-2, 500)),
    ],
)
def test_ordinary_optimizers_do_not_fail(optimizer):
    assert verdict(optimizer()).status == "pass"


def test_a_slow_rate_with_a_long_plan_is_no_fault():
    assert verdict(keras.optimizers.SGD(3e-3), epochs=200).status == "pass"


def test_a_warm_up_is_not_judged():
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, 100, warmup_target=1e-2, warmup_steps=9000
    )
    with pytest.raises(NotApplicable, match="warming up"):
        verdict(keras.optimizers.SGD(rate), epochs=1000)


def test_the_thresholds_decide():
    slow = keras.optimizers.SGD(1e-6)
    assert verdict(slow, {"least": 1.1}).status == "pass"
