"""Labels that differ between splits are named, unless weights make them alike."""

import numpy as np
import pytest

from keras_recipe.contract.label_shift import label_shift
from keras_recipe.data.batch import Batch
from keras_recipe.data.crossfit import CrossFit, Question

RANDOM = np.random.default_rng(0)


def rows(positives, size=600, weights=None):
    y = (np.arange(size) < positives * size).astype("int64")
    x = RANDOM.normal(size=(size, 4)) + y[:, None]
    return Batch(x, y, None if weights is None else np.array(weights, "float32")[y])


def said(training, validation, *, classes=True):
    asked = [Question("y", 0, classes=classes)]
    (answer,) = CrossFit(training, validation, asked).answers()
    return label_shift(answer, 0.3, 1e-6)


def test_other_shares_are_named():
    assert "40%" in said(rows(0.1), rows(0.5))
    assert not said(rows(0.1), rows(0.15))


@pytest.mark.parametrize(
    ("training", "validation"),
    [
        ((0.1,), (0.5, 600, (1.8, 0.2))),  # validation is drawn evenly and weighted back
        ((0.5, 600, (1.8, 0.2)), (0.1,)),  # training likewise
        ((0.1, 600, (0.55, 5.0)), (0.5,)),  # class weights: trained for even shares
        ((0.1, 600, (0.55, 5.0)), (0.1,)),  # as they are, the shares agree
    ],
)
def test_shares_that_weights_make_alike_are_not(training, validation):
    assert not said(rows(*training), rows(*validation))


def test_weights_that_make_nothing_alike_help_nothing():
    assert said(rows(0.1), rows(0.5, 600, (0.5, 1.5)))
    assert said(rows(0.1), rows(0.5, 600, (1.0, 1.0)))


def test_amounts_that_weights_make_alike_are_not_named():
    low, even = RANDOM.beta(1, 4, 800), RANDOM.uniform(size=800)
    x = RANDOM.normal(size=(800, 3))
    training, weights = Batch(x, low), (1 - even) ** 3
    assert said(training, Batch(x, even), classes=False)
    assert not said(training, Batch(x, even, weights), classes=False)
