"""A rate at which nothing is learned fails; ordinary optimizers at ordinary rates do not."""

import functools

import keras
import pytest
from healthy import PLAN, some_digits
from keras import layers as L
from specimens import compiled, examine

from keras_recipe.checks.overfit import kr302_adam
from keras_recipe.checks.overfit.kr302_adam import adam
from keras_recipe.core.errors import NotApplicable

schedules = keras.optimizers.schedules


def program(optimizer):
    stack = L.Dense(32, activation="relu"), L.Dense(10, activation="softmax")
    return compiled(*stack, optimizer=optimizer), *some_digits()


def verdict(optimizer, thresholds=None, **settings):
    patient = {"seconds": 600.0, **(thresholds or {})}  # also on a busy machine
    return examine(adam, *program(optimizer), patient, **PLAN | settings)


@functools.cache
def too_low():
    return verdict(keras.optimizers.SGD(1e-6))


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        (lambda: keras.optimizers.Adam(3.0), "a rate of 0."),
        (lambda: keras.optimizers.SGD(0.1, clipnorm=1e-6), "Adam"),
        (lambda: keras.optimizers.SGD(schedules.ExponentialDecay(1e-6, 9, 0.9)), "Adam"),
    ],
)
def test_a_rate_that_learns_nothing_fails_and_what_mends_it_is_named(optimizer, words):
    result = verdict(optimizer())
    assert result.status == "fail"
    assert words in result.fix.text
    assert result.fix.tried["after"] > result.fix.tried["before"]


def test_a_finding_shows_the_range_test_with_the_rate_in_use():
    result = too_low()
    assert result.status == "fail"
    assert "a rate of 0." in result.fix.text
    (picture,) = result.pictures
    assert picture["marks"]["in use: 1e-06"] == pytest.approx(1e-6)
    assert any("suggested" in label for label in picture["marks"])
    assert result.evidence["range test"]["suggestion"] > 1e-3
    assert not verdict(keras.optimizers.SGD(0.05)).pictures


def test_the_fix_trains():
    model, x, y = program(keras.optimizers.SGD(1e-6))
    too_low().fix.apply(model)
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
        lambda: keras.optimizers.Adam(schedules.CosineDecay(1e-2, 500)),
    ],
)
def test_ordinary_optimizers_do_not_fail(optimizer):
    assert verdict(optimizer()).status == "pass"


def test_adam_is_not_compared_with_itself_nor_what_gets_there_anyway(monkeypatch):
    def fail(_):
        pytest.fail("a second training was begun")

    monkeypatch.setattr(kr302_adam.Rival, "during", lambda *_: fail(0))
    slow = verdict(keras.optimizers.Adam(1e-3), {"most_steps": 5, "enough": 2.0})
    assert slow.status == "pass"
    assert "itself" in slow.message
    ahead = verdict(keras.optimizers.SGD(0.05), {"enough": 2.0})
    assert ahead.status == "pass"
    assert "by the end of the plan" in ahead.message


class Closed(keras.optimizers.SGD):
    """An optimizer that cannot be made anew."""

    @classmethod
    def from_config(cls, config):
        raise KeyError(config["name"])


@pytest.mark.parametrize("rate", [1e-6, schedules.ExponentialDecay(1e-6, 9, 0.9)])
def test_an_optimizer_that_cannot_be_made_anew_fails_all_the_same(rate):
    result = verdict(Closed(rate), {"most_steps": 60})
    assert result.status == "fail"
    assert "Adam" in result.fix.text


def test_a_slow_rate_with_a_long_plan_is_no_fault():
    assert verdict(keras.optimizers.SGD(3e-3), epochs=200).status == "pass"


def test_a_warm_up_is_not_judged():
    rate = schedules.CosineDecay(0.0, 100, warmup_target=1e-2, warmup_steps=9000)
    with pytest.raises(NotApplicable, match="warming up"):
        verdict(keras.optimizers.SGD(rate), epochs=1000)


def test_several_optimizers_are_not_judged():
    model, x, y = program("adam")
    each = keras.optimizers.OptimizerMap(keras.optimizers.SGD())
    model.compile(keras.optimizers.MultiOptimizer(each), model.loss)
    with pytest.raises(NotApplicable, match="several optimizers"):
        examine(adam, model, x, y, **PLAN)


def test_the_thresholds_decide():
    slow = keras.optimizers.SGD(1e-6)
    assert verdict(slow, {"least": 1.1}).status == "pass"
