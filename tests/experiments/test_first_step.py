"""A training that stops at its first step is told from labels that the loss refuses."""

import keras
import numpy as np
import pytest
from keras import layers
from specimens import compiled, diabetes, subject

from keras_recipe.checks.baseline.kr213_batch_independence import batch_independence
from keras_recipe.checks.baseline.kr219_gradient_reach import gradient_reach
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status
from keras_recipe.experiments.first_step import refused_step
from keras_recipe.surgery.preserve import preserve

REASON = NotApplicable("no gradient")


class Branching(layers.Layer):
    """Its branch for training is broken."""

    def __init__(self, *, broken):
        super().__init__(name="branching")
        self.broken = broken

    def call(self, x, training=False):
        if training and self.broken:
            msg = "the branch for training is broken"
            raise ValueError(msg)
        return x


@keras.ops.custom_gradient
def one_way(x):
    def backward(*_, upstream=None):
        msg = "there is no way back"
        raise ValueError(msg)

    return keras.ops.multiply(x, 1.0), backward


class OneWay(layers.Layer):
    """Its gradient cannot be computed."""

    def call(self, x):
        return one_way(x)


def examined(check, layer, y=None):
    x, given = diabetes()
    model = compiled(layers.Dense(8), layer, layers.Dense(1), shape=x.shape[1:], loss="mse")
    made = subject(model, x, given if y is None else y)
    with preserve(model):
        return check(*[made.need(name) for name in check.needs])


def test_a_broken_branch_for_training_is_named():
    result = examined(gradient_reach, Branching(broken=True))
    assert result.status is Status.FAIL
    assert "first step in branching" in result.message
    assert "the branch for training is broken" in result.message
    assert result.where == "branching"


def test_a_way_back_that_raises_fails():
    result = examined(gradient_reach, OneWay(name="one_way"))
    assert result.status is Status.FAIL
    assert "no way back" in result.message
    assert "one_way" in result.where


def test_its_healthy_twin_passes():
    assert examined(gradient_reach, Branching(broken=False)).status is Status.PASS


def test_batch_independence_leaves_it_to_gradient_reach():
    with pytest.raises(NotApplicable, match="in training mode"):
        examined(batch_independence, Branching(broken=True))


def refused(y):
    x, _ = diabetes()
    made = subject(compiled(layers.Dense(1), shape=x.shape[1:], loss="mse"), x, y)
    model = made.need("model")
    with preserve(model):
        return refused_step(model, made.sample, made.settings(), REASON)


def test_a_step_that_runs_gives_the_reason_back():
    with pytest.raises(NotApplicable, match="no gradient"):
        refused(diabetes()[1])


def test_labels_that_the_loss_refuses_are_not_its_affair():
    with pytest.raises(NotApplicable, match="no gradient"):
        refused(np.zeros((len(diabetes()[1]), 7), "float32"))
