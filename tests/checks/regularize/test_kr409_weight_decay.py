"""Two things that hold the same weights back warn; one, whatever its value, passes."""

import keras
import numpy as np
import pytest
from climbs import BETTER, climbed
from keras import layers as L

from keras_recipe.checks.regularize.kr409_weight_decay import weight_decay
from keras_recipe.core.result import Status
from keras_recipe.core.runner import examined
from keras_recipe.subject import Subject


def judged(optimizer, penalty=None, epochs=50, found=None):
    model = keras.Sequential([keras.Input((4,)), L.Dense(1, kernel_regularizer=penalty)])
    model.compile(optimizer, "mse")
    extras = {} if found is None else {"climbed": found, "if_climbed": found}
    rows = np.ones((8, 4), "float32")
    subject = Subject(model, rows, rows[:, :1], epochs=epochs, extras=extras)
    return examined(weight_decay, subject, {})


def test_a_penalty_and_a_decay_together_warn():
    result = judged(keras.optimizers.AdamW(weight_decay=0.01), penalty="l2")
    assert result.status is Status.WARN
    assert "held back twice" in result.message


@pytest.mark.parametrize(
    "penalty",
    [keras.regularizers.L2(0.0), keras.regularizers.OrthogonalRegularizer()],
    ids=["of no strength", "no decay"],
)
def test_a_penalty_that_shrinks_nothing_is_none(penalty):
    assert judged(keras.optimizers.AdamW(weight_decay=0.01), penalty).status is Status.PASS


def test_the_penalty_of_a_frozen_weight_does_not_count():
    model = keras.Sequential(
        [keras.Input((4,)), L.Dense(3, kernel_regularizer="l2"), L.Dense(1)]
    )
    model.layers[0].trainable = False
    model.compile(keras.optimizers.AdamW(weight_decay=0.01), "mse")
    rows = np.ones((8, 4), "float32")
    found = examined(weight_decay, Subject(model, rows, rows[:, :1]), {})
    assert found.status is Status.PASS


@pytest.mark.parametrize(("rate", "decay", "epochs"), [(0.1, 5e-4, 200), (1e-3, 1e-4, 10)])
def test_a_decay_that_is_the_rate_over_the_epochs_by_chance_passes(rate, decay, epochs):
    textbook = keras.optimizers.SGD(rate, momentum=0.9, weight_decay=decay)
    assert judged(textbook, epochs=epochs).status is Status.PASS


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
