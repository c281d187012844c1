"""Classes, counts and weights of an output."""

import math

import numpy as np
import pytest
from keras import layers
from specimens import classifier, compiled, diabetes, digits, one_hot, subject

from keras_recipe.balance import Balance, balance_of


def balance(model, x, y, **settings):
    made = subject(model, x, y, **settings)
    return balance_of(made.task.heads[0], made.sample)


def binary(y, **settings):
    x = np.random.default_rng(0).standard_normal((len(y), 3)).astype("float32")
    loss = "hinge" if np.min(y) < 0 else "binary_crossentropy"
    model = compiled(
        layers.Dense(1, activation="tanh" if loss == "hinge" else "sigmoid"),
        shape=(3,),
        loss=loss,
    )
    return balance(model, x, np.asarray(y, "float32"), **settings)


@pytest.mark.parametrize("low", [0, -1])
def test_two_classes_by_their_own_numbers(low):
    found = binary([low] * 90 + [1] * 30)
    assert found.classes.tolist() == [low, 1]
    assert found.counts.tolist() == [90, 30]
    assert found.ratio == 3
    assert found.effective == pytest.approx(
        math.exp(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))
    )
    assert found.even_weights == f"{{{low}: 0.667, 1: 2}}"
    assert found.weights is None
    assert found.extremes is None
    assert not found.rises


@pytest.mark.parametrize("hot", [False, True])
def test_many_classes(hot):
    x, y = digits()
    model = classifier(loss="categorical_crossentropy") if hot else classifier()
    found = balance(model, x, one_hot(y) if hot else y)
    assert found.counts.tolist() == np.bincount(y).tolist()
    assert found.effective == pytest.approx(10, rel=0.001)


def test_classes_that_do_not_occur_are_left_out():
    x, y = digits()
    keep = np.isin(y, [2, 7])
    found = balance(classifier(), x[keep], y[keep])
    assert found.classes.tolist() == [2, 7]


def test_weights_of_classes_are_seen_however_they_are_given():
    y = np.array([0] * 90 + [1] * 30)
    for settings in (
        {"class_weight": {0: 3.0, 1: 0.5}},
        {"sample_weight": np.where(y, 0.5, 3.0)},
    ):
        found = binary(y, **settings)
        assert found.weights.tolist() == [3, 0.5]
        assert found.extremes == (0, 1)
        assert found.rises
    assert not binary(y, class_weight={0: 0.5, 1: 3.0}).rises


def test_weights_of_rows_are_not_weights_of_classes():
    y = np.array([0, 1] * 60)
    assert binary(y, sample_weight=np.linspace(1, 2, 120)).weights is None
    assert binary(y, sample_weight=np.ones(120)).weights is None


def test_a_class_without_weight_is_no_extreme():
    found = Balance(np.arange(3.0), np.array([90, 30, 10]), np.array([1.0, np.nan, 2.0]))
    assert found.extremes == (0, 2)
    assert Balance(found.classes, found.counts, np.array([0.0, 0.0, 2.0])).extremes is None


def test_long_lists_of_weights_are_cut():
    many = Balance(np.arange(99.0), np.full(99, 5.0), None)
    assert many.even_weights.endswith("19: 1, ...}")


def test_amounts_and_single_classes_have_no_balance():
    assert balance(compiled(layers.Dense(1), shape=(10,), loss="mse"), *diabetes()) is None
    assert binary([1] * 40) is None
