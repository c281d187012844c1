"""A cosine reads where a vector points; amounts need more."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from specimens import compiled, diabetes, examine

from keras_recipe.checks.baseline.kr202_head_and_loss import head_and_loss
from keras_recipe.core.result import Status


def own_cosine(y_true, y_pred):
    a, b = ops.normalize(y_true, axis=-1), ops.normalize(y_pred, axis=-1)
    return 1 - ops.sum(a * b, -1)


def judged(loss, *, unit=False, columns=2, metrics=None, task=None):
    x, y = diabetes()
    y = (y - y.mean()) / y.std()
    y = np.stack([y, np.square(y)], 1)[:, :columns].astype("float32")
    if unit:
        y = y / np.linalg.norm(y, axis=1, keepdims=True)
    model = compiled(layers.Dense(columns), shape=(10,), loss=loss, metrics=metrics)
    return examine(head_and_loss, model, x, y, task=task)


@pytest.mark.parametrize("loss", ["cosine_similarity", own_cosine])
def test_lengths_that_vary_and_are_never_learned_warn(loss):
    result = judged(loss)
    assert result.status is Status.WARN
    assert "doubled" in result.message
    assert result.measured > 0.3


@pytest.mark.parametrize(
    "asked", [{"metrics": ["mae"]}, {"task": "regression"}, {"columns": 1}], ids=str
)
def test_where_amounts_are_wanted_it_fails(asked):
    assert judged("cosine_similarity", **asked).status is Status.FAIL


def test_directions_and_distances_pass():
    assert judged("cosine_similarity", unit=True, metrics=["mae"]).status is Status.PASS
    assert judged("mse", metrics=["mae"]).status is Status.PASS
    assert judged(keras.losses.Huber()).status is Status.PASS
