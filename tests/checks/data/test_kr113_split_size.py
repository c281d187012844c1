"""Splits too small, classes missing in one, and batches that leave too few updates."""

import keras
import numpy as np
import pytest
from keras import layers
from specimens import classifier, compiled, diabetes, digits, examine, one_hot

from keras_recipe.checks.data.kr113_split_size import split_size
from keras_recipe.core.result import Status


def examined(held, rows=600, thresholds=None, **settings):
    x, y = digits()
    data = (x[rows : rows + held], y[rows : rows + held])
    return examine(
        split_size,
        classifier(),
        x[:rows],
        y[:rows],
        thresholds,
        validation_data=data,
        **settings,
    )


@pytest.mark.parametrize(("held", "status"), [(20, Status.WARN), (30, Status.PASS)])
def test_the_metric_needs_rows(held, status):
    result = examined(held)
    assert result.status is status
    assert result.measured == pytest.approx(0.5 / held**0.5)
    assert f"{held} validation rows" in result.message


def test_the_threshold_decides():
    assert examined(30, thresholds={"coarse": 0.05}).status is Status.WARN


def test_without_validation_data():
    assert examine(split_size, classifier(), *digits()).status is Status.PASS


def test_a_class_that_training_never_has_fails():
    x, y = digits()
    mine, other = y < 8, np.arange(len(y)) % 4 == 0
    held = (x[other], y[other])
    result = examine(split_size, classifier(), x[mine], y[mine], validation_data=held)
    assert result.status is Status.FAIL
    assert result.evidence["classes"] == [8.0, 9.0]
    hot = (x[other], one_hot(y[other]))
    model = classifier(loss="categorical_crossentropy")
    found = examine(split_size, model, x[mine], one_hot(y[mine]), validation_data=hot)
    assert found.status is Status.FAIL


def test_a_class_that_validation_never_has_warns_and_a_single_one_fails():
    x, y = digits()
    for chosen, status in ((y < 8, Status.WARN), (y == 3, Status.FAIL)):
        held = (x[chosen], y[chosen])
        assert examine(split_size, classifier(), x, y, validation_data=held).status is status


def test_rare_classes_may_be_missing():
    x, y = digits()
    y = np.where(np.arange(len(y)) < 4, 9, y % 9)
    held = (x[1000:], y[1000:])
    result = examine(split_size, classifier(), x[:1000], y[:1000], validation_data=held)
    assert result.status is Status.PASS
    held = (x[:300], y[:300])
    result = examine(split_size, classifier(), x[300:], y[300:], validation_data=held)
    assert result.status is Status.PASS


def test_fewer_rows_than_classes_warn():
    x, y = digits()
    assert examine(split_size, classifier(), x[:8], y[:8]).status is Status.WARN


def test_batch_normalization_over_one_row_fails():
    stack = layers.Dense(8), layers.BatchNormalization(), layers.Dense(10, activation="softmax")
    x, y = digits()
    result = examine(split_size, compiled(*stack), x[:200], y[:200], batch_size=1)
    assert result.status is Status.FAIL
    assert result.where == "batch_normalization" or "normalization" in result.where
    assert examine(split_size, compiled(*stack), x[:200], y[:200]).status is Status.PASS


def test_batch_normalization_over_the_places_of_one_picture_passes():
    stack = layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Flatten(), layers.Dense(10)
    x, y = digits(flat=False)
    model = compiled(*stack, shape=(8, 8, 1))
    assert examine(split_size, model, x[:200], y[:200], batch_size=1).status is Status.PASS


def few(batch_size, epochs, rate=3e-3):
    model = classifier(optimizer=keras.optimizers.Adam(rate))
    x, y = digits()
    plan = {"batch_size": batch_size, "epochs": epochs}
    return examine(split_size, model, x, y, {"seconds": 600.0}, **plan)


def test_one_batch_an_epoch_fails_where_smaller_ones_learn():
    result = few(2000, 6)
    assert result.status is Status.FAIL
    assert result.fix.tried["after"] > 2 * result.fix.tried["before"]
    assert "batch_size=32" in result.fix.code


@pytest.mark.parametrize(("batch_size", "epochs", "rate"), [(32, 6, 3e-3), (2000, 60, 0.03)])
def test_updates_that_are_enough_pass(batch_size, epochs, rate):
    assert few(batch_size, epochs, rate).status is Status.PASS


def test_a_plan_that_smaller_batches_do_not_save_passes():
    assert few(2000, 6, 1e-7).status is Status.PASS


def test_amounts_are_judged_by_their_rows_alone():
    x, y = diabetes()
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    assert examine(split_size, model, x, y, validation_split=0.2).status is Status.PASS
