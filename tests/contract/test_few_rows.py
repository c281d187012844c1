"""Sample weights that leave a few rows to learn from."""

import dataclasses

import numpy as np
import pytest
from keras import layers
from specimens import classifier, compiled, diabetes, digits, examine, subject

from keras_recipe.checks.baseline.kr203_labels_and_loss import labels_and_loss
from keras_recipe.contract.few_rows import hangs_on_few_rows
from keras_recipe.core.result import Status
from keras_recipe.data.batch import Batch


def found(weights, y=None, rows=None):
    """What is said of rows with these weights: amounts, or classes where `y` is given."""
    loss = "mse" if y is None else "binary_crossentropy"
    y = np.random.default_rng(0).normal(size=len(weights)) if y is None else y
    x = np.zeros((len(weights), 2), "float32")
    head = layers.Dense(1, activation="linear" if loss == "mse" else "sigmoid")
    made = subject(compiled(head, shape=(2,), loss=loss), x, y.astype("float32"))
    fit = dataclasses.replace(made.settings(), num_samples=rows or len(x))
    return hangs_on_few_rows(Batch(x, y, np.asarray(weights)), made.task, fit)


def test_five_heavy_rows_warn():
    x, y = diabetes()
    model = compiled(layers.Dense(1), shape=x.shape[1:], loss="mse")
    weights = np.full(len(x), 1e-4, "float32")
    weights[:5] = 1.0
    result = examine(labels_and_loss, model, x, y, sample_weight=weights)
    assert result.status is Status.WARN
    assert "hold 99% of the weight" in result.message
    even = examine(labels_and_loss, model, x, y, sample_weight=np.ones(len(x), "float32"))
    assert even.status is Status.PASS


def test_the_weights_of_rare_classes_are_meant():
    y = np.zeros(1000)
    y[:2] = 1
    assert found(np.where(y == 1, 250.0, 0.5), y) is None
    assert found(np.where(y == 1, 250.0, 0.5)) is not None  # not by class


@pytest.mark.parametrize("spread", [0.5, 1.0, 1.5])
def test_weights_of_a_survey_are_spread(spread):
    assert found(np.random.default_rng(0).lognormal(0, spread, 1000)) is None


@pytest.mark.parametrize(("ones", "warns"), [(19, True), (21, False)])
def test_the_share_decides(ones, warns):
    weights = np.zeros(1000)
    weights[:ones] = 2.0
    assert (found(weights) is not None) is warns


@pytest.mark.parametrize(("rows", "warns"), [(9_000, True), (11_000, False)])
def test_a_small_share_of_many_rows_is_enough(rows, warns):
    weights = np.zeros(1000)
    weights[:10] = 1.0
    assert (found(weights, rows=rows) is not None) is warns


@pytest.mark.parametrize(
    "weights",
    [np.zeros(100), -np.ones(100), np.full(100, np.nan), [1.0] + [0.0] * 20, np.ones((100, 3))],
)
def test_what_cannot_be_counted_says_nothing(weights):
    assert found(weights) is None


def test_class_weights_alone_pass():
    x, y = digits()
    weight = {k: 1000.0 if k == 3 else 1.0 for k in range(10)}
    result = examine(labels_and_loss, classifier(), x, y, class_weight=weight)
    assert "sample weights" not in result.message
