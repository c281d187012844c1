"""How much of what can be learned a model shows."""

import numpy as np
import pytest
from keras import layers
from specimens import cancer, compiled, diabetes, subject

from keras_recipe.experiments.skill import accuracy_skill, skill


def binary(loss="binary_crossentropy", activation="sigmoid"):
    return compiled(layers.Dense(1, activation=activation), shape=(30,), loss=loss)


def test_the_best_constant_has_no_skill():
    x, y = diabetes()
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    made = subject(model, x, y)
    kernel, bias = model.get_weights()
    model.set_weights([0 * kernel, bias + y.mean()])
    assert skill(model, made.task, made.sample) == pytest.approx(0, abs=1e-3)
    model.set_weights([0 * kernel, bias])
    assert skill(model, made.task, made.sample) < -1


def test_right_answers_count_where_the_loss_is_spoilt_by_large_outputs():
    x, y = cancer()
    model = binary()
    made = subject(model, x, y)
    direction = (x[y == 1].mean(0) - x[y == 0].mean(0))[:, None]
    model.set_weights([1000 * direction, np.zeros(1)])
    assert skill(model, made.task, made.sample) > 0.7


@pytest.mark.parametrize("activation", ["sigmoid", None])
def test_accuracy_above_the_most_frequent_class(activation):
    x, y = cancer()
    head = subject(binary(activation=activation), x, y).task.heads[0]
    y = np.array([0.0] * 6 + [1.0] * 2)
    best, none = np.where(y > 0, 0.9, 0.1), np.full(8, 0.1)
    assert accuracy_skill(head, best, y) == 1
    assert accuracy_skill(head, none, y) == 0
    assert np.isnan(accuracy_skill(head, best, np.ones(8)))


def test_amounts_have_no_accuracy():
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    head = subject(model, *diabetes()).task.heads[0]
    assert np.isnan(accuracy_skill(head, np.zeros(4), np.arange(4.0)))
