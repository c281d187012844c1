"""Two penalties at once, and a decay that was meant for the learning rate, warn."""

import keras
import numpy as np
import pytest
from climbs import BETTER, climbed
from keras import layers as L

from keras_recipe.checks.regularize.kr409_weight_decay import weight_decay
from keras_recipe.core.result import Status
from keras_recipe.core.runner import examined
from keras_recipe.subject import Subject


def judged(optimizer, penalty=None, epochs=50, found=None, **thresholds):
    model = keras.Sequential([keras.Input((4,)), L.Dense(1, kernel_regularizer=penalty)])
    model.compile(optimizer, "mse")
    extras = {} if found is None else {"climbed": found, "if_climbed": found}
    rows = np.ones((8, 4), "float32")
    subject = Subject(model, rows, rows[:, :1], epochs=epochs, extras=extras)
    return examined(weight_decay, subject, thresholds)


def test_a_penalty_and_a_decay_together_warn():
    result = judged(keras.optimizers.AdamW(weight_decay=0.01), penalty="l2")
    assert result.status is Status.WARN
    assert "held back twice" in result.message


def test_the_old_setting_of_the_learning_rate_decay_warns():
    old = keras.optimizers.SGD(0.1, weight_decay=0.1 / 50)
    result = judged(old)
    assert result.status is Status.WARN
    assert "learning rate over 50 epochs" in result.message
    assert judged(keras.optimizers.SGD(0.1, weight_decay=0.1 / 50), epochs=40).status == "pass"
    assert judged(keras.optimizers.SGD(0.1, weight_decay=0.1), epochs=1).status == "pass"


@pytest.mark.parametrize(
    ("optimizer", "penalty", "words"),
    [
        (lambda: keras.optimizers.AdamW(weight_decay=0.01), None, "a decoupled decay"),
        (lambda: "adam", "l2", "penalties"),
    ],
)
def test_one_of_them_passes(optimizer, penalty, words):
    result = judged(optimizer(), penalty)
    assert result.status is Status.PASS
    assert words in result.message


def test_without_any_it_says_what_to_call():
    result = judged("adam")
    assert result.status is Status.SKIP
    assert "Recipe.regularize()" in result.message


def test_after_a_ladder_it_says_what_decay_gained():
    result = judged("adam", found=climbed(("weight decay 1", "weight decay", BETTER)))
    assert result.status is Status.PASS
    assert result.message.startswith("kept, 'weight decay 1'")


def test_only_the_threshold_decides_how_near_is_near():
    nearly = keras.optimizers.SGD(0.1, weight_decay=0.0021)
    assert judged(nearly).status is Status.PASS
    nearly = keras.optimizers.SGD(0.1, weight_decay=0.0021)
    assert judged(nearly, near=0.1).status is Status.WARN
