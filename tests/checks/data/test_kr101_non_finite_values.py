"""Exact, in every split, and not held against programs that mask gaps on purpose."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from specimens import cancer, classifier, compiled, diabetes, digits, examine

from keras_recipe.checks.data.kr101_non_finite_values import non_finite_values
from keras_recipe.core.result import Status


def spoiled(array, rows, value=np.nan):
    array = np.array(array, dtype="float32")
    array[rows] = value
    return array


@pytest.mark.parametrize(
    ("model", "x", "y"),
    [
        (classifier(), *digits()),
        (compiled(layers.Dense(1), shape=(10,), loss="mse"), *diabetes()),
        (compiled(layers.Dense(1), shape=(30,), loss="mse"), cancer()[0], None),
    ],
)
def test_clean_data_passes(model, x, y):
    result = examine(non_finite_values, model, x, y, validation_split=0.2)
    assert result.status is Status.PASS
    assert f"{len(x)} rows" in result.message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_bad_inputs_are_named(value):
    x, y = digits()
    x = x.copy()
    x[[3, 77], 5] = value
    result = examine(non_finite_values, classifier(), x, y)
    assert result.status is Status.FAIL
    assert result.measured == pytest.approx(2 / len(x))
    assert "rows 3, 77" in result.where
    found = result.evidence["training x"]
    assert (found["rows"], found["indices"], found["columns"]) == (2, [3, 77], [5])


def test_bad_targets_and_weights_are_named():
    x, y = diabetes()
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    assert "training y" in examine(non_finite_values, model, x, spoiled(y, 9)).message
    weights = spoiled(np.ones(len(x)), [0, 1], np.inf)
    result = examine(non_finite_values, model, x, y, sample_weight=weights)
    assert result.status is Status.FAIL
    assert "2 of 442 rows of training sample_weight" in result.message


def test_the_validation_data_count_too():
    x, y = digits()
    held = (spoiled(x[:50], 7), y[:50])
    result = examine(non_finite_values, classifier(), x, y, validation_data=held)
    assert result.status is Status.FAIL
    assert "validation x" in result.where
    assert "training x" not in result.evidence


def test_the_worst_array_comes_first():
    x, y = diabetes()
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    result = examine(non_finite_values, model, spoiled(x, [1, 2, 3]), spoiled(y, 9))
    assert "rows of training x" in result.message
    assert "and 1 more" in result.message


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
def test_a_number_too_large_for_float32():
    x, y = diabetes()
    x = x.astype("float64")
    x[4, 4] = 1e39
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    result = examine(non_finite_values, model, x, y)
    assert result.status is Status.FAIL
    assert "infinite in float32" in result.message


def test_a_model_that_fills_gaps_itself_passes():
    x, y = diabetes()
    i = keras.Input((10,))
    gaps = ops.isnan(i)
    filled = ops.concatenate([ops.where(gaps, 0.0, i), ops.cast(gaps, "float32")])
    model = keras.Model(i, layers.Dense(1)(filled))
    model.compile("adam", "mse")
    x = x.copy()
    x[::3, 2] = np.nan
    result = examine(non_finite_values, model, x, y)
    assert result.status is Status.PASS
    assert "dealt with" in result.message


def test_whole_numbers_as_floats_pass():
    x = np.random.default_rng(0).integers(0, 9, (60, 4)).astype("float32")
    model = compiled(
        layers.Embedding(9, 3),
        layers.Flatten(),
        layers.Dense(1, activation="sigmoid"),
        shape=(4,),
        loss="binary_crossentropy",
    )
    y = np.arange(60) % 2
    assert examine(non_finite_values, model, x, y).status is Status.PASS


def masked(y_true, y_pred):
    """A squared error that leaves out rows without a label."""
    known = ops.cast(ops.logical_not(ops.isnan(y_true)), y_pred.dtype)
    filled = ops.where(ops.isnan(y_true), 0.0, y_true)
    return ops.square(y_pred - filled) * known


@pytest.mark.parametrize(("loss", "status"), [(masked, Status.PASS), ("mse", Status.FAIL)])
def test_a_loss_that_leaves_gaps_out_passes(loss, status):
    x, y = diabetes()
    model = compiled(layers.Dense(1), shape=(10,), loss=loss)
    assert examine(non_finite_values, model, x, spoiled(y, slice(0, 90))).status is status
