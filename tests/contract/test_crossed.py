"""A loss that broadcasts rows against columns is found by what it says of right answers."""

import keras
import pytest
from keras import layers, ops
from specimens import cancer, compiled, diabetes, examine

from keras_recipe.checks.baseline.kr203_labels_and_loss import labels_and_loss
from keras_recipe.core.result import Status


def crossed(y_true, y_pred):
    return ops.mean(ops.square(ops.reshape(y_true, (-1,)) - y_pred))


def crossed_logs(y_true, y_pred):
    y = ops.reshape(y_true, (1, -1))
    p = ops.clip(y_pred, 1e-6, 1 - 1e-6)
    return -ops.mean(y * ops.log(p) + (1 - y) * ops.log(1 - p))


def paired(y_true, y_pred):
    return ops.mean(ops.square(y_true - y_pred))


def correlation(y_true, y_pred):
    a, b = (v - ops.mean(v) for v in (y_true, y_pred))
    return 1 - ops.sum(a * b) / (ops.sqrt(ops.sum(a * a) * ops.sum(b * b)) + 1e-6)


def moments(y_true, y_pred):
    """Compares distributions: which row is which makes no difference, and is not meant to."""
    mean = ops.square(ops.mean(y_true) - ops.mean(y_pred))
    return mean + ops.square(ops.std(y_true) - ops.std(y_pred))


def size(_, y_pred):
    """Reads no labels at all."""
    return ops.mean(ops.square(y_pred))


def judged(loss, *, classes=False, **weights):
    x, y = cancer() if classes else diabetes()
    y = (y if classes else (y - y.mean()) / y.std())[:, None]
    head = layers.Dense(1, activation="sigmoid" if classes else None)
    model = compiled(head, shape=x.shape[1:], loss=loss)
    return examine(labels_and_loss, model, x, y, **{k: v(x, y) for k, v in weights.items()})


@pytest.mark.parametrize(("loss", "classes"), [(crossed, False), (crossed_logs, True)])
def test_rows_compared_with_all_labels_fail(loss, classes):
    result = judged(loss, classes=classes)
    assert result.status is Status.FAIL
    assert "one by one" in result.message
    assert result.measured > result.expected
    assert "reshape" in result.fix.code


def test_weights_of_the_rows_hide_nothing():
    weights = {"sample_weight": lambda x, _: (1 + (x[:, 0] > 0)).astype("float32")}
    assert judged(keras.losses.MeanSquaredError(), **weights).status is Status.PASS


@pytest.mark.parametrize("loss", [paired, correlation, moments, size])
def test_losses_that_mean_what_they_do_are_left_alone(loss):
    assert judged(loss).status is Status.PASS
