"""The sign of losses that read several outputs a label."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from specimens import compiled, diabetes, examine

from keras_recipe.checks.baseline.kr202_head_and_loss import head_and_loss
from keras_recipe.core.result import Status


def likelihood(y_true, y_pred):
    mean, scale = y_pred[..., :1], 1e-2 + ops.softplus(y_pred[..., 1:2])
    return -ops.log(scale) - ops.square((y_true - mean) / scale) / 2


def negative(loss):
    return lambda y_true, y_pred: -loss(y_true, y_pred)


def quantiles(y_true, y_pred):
    gap = y_true - y_pred
    levels = ops.convert_to_tensor(np.array([0.1, 0.5, 0.9], "float32"))
    return ops.mean(ops.maximum(levels * gap, (levels - 1) * gap), -1)


def mixture(y_true, y_pred):
    means, scores = y_pred[..., :2], ops.log_softmax(y_pred[..., 2:])
    return -ops.logsumexp(scores - ops.square(y_true - means) / 2, -1)


def packed(y_true, y_pred):
    """The second column of the labels says whether the first one counts."""
    return y_true[..., 1:] * ops.square(y_true[..., :1] - y_pred)


def repelled(_, y_pred):
    """Pushes outputs away from 0, whatever the labels."""
    return -ops.mean(ops.square(y_pred), -1)


def judged(loss, units, change=lambda y: y):
    x, y = diabetes()
    y = ((y - y.mean()) / y.std())[:, None]
    model = compiled(layers.Dense(units), shape=x.shape[1:], loss=loss)
    return examine(head_and_loss, model, x, change(y))


def with_mask(y):
    return np.concatenate([y, np.arange(len(y))[:, None] % 3 > 0], 1).astype("float32")


SICK = {
    "likelihood": lambda: judged(likelihood, 2),
    "quantiles": lambda: judged(negative(quantiles), 3),
    "mask": lambda: judged(negative(packed), 1, with_mask),
}
HEALTHY = {
    "likelihood": lambda: judged(negative(likelihood), 2),
    "quantiles": lambda: judged(quantiles, 3),
    "mixture": lambda: judged(mixture, 4),
    "mask": lambda: judged(packed, 1, with_mask),
    "repelled": lambda: judged(repelled, 2),
    "own class": lambda: judged(keras.losses.MeanSquaredError(), 1),
}


@pytest.mark.parametrize("name", SICK)
def test_a_flipped_sign_fails(name):
    result = SICK[name]()
    assert result.status is Status.FAIL
    assert "rewards being wrong" in result.message
    assert result.measured > 0


@pytest.mark.parametrize("name", HEALTHY)
def test_losses_that_fall_towards_the_labels_pass(name):
    result = HEALTHY[name]()
    assert result.status is Status.PASS, result.message
