"""Regression targets far from unit scale."""

import dataclasses

import numpy as np
import pytest
from keras import layers
from specimens import cancer, compiled, diabetes, subject

from keras_recipe.experiments.target_scaling import (
    out_of_reach,
    rescaled_targets,
    target_scales,
    variance_explained,
)


def program(y, activation=None, loss="mse"):
    units = y.shape[1] if y.ndim > 1 else 1
    made = compiled(layers.Dense(units, activation=activation), shape=(10,), loss=loss)
    return made, subject(made, diabetes()[0], y)


def scale(y, **settings):
    return target_scales(program(y, **settings)[1].task)[0]


def test_mean_and_deviation():
    y = diabetes()[1]
    found = scale(y)
    assert found.mean == pytest.approx(y.mean(), rel=1e-5)
    assert found.std == pytest.approx(y.std(), rel=1e-5)
    assert (found.low, found.high) == (y.min(), y.max())


@pytest.mark.parametrize(
    ("shift", "factor", "far"),
    [
        (0, 1, False),
        (0, 11, True),
        (11, 1, True),
        (0, 0.04, True),
        (1, 0.09, True),
        (5, 9, False),
    ],
)
def test_what_is_far(shift, factor, far):
    y = diabetes()[1]
    y = shift + factor * (y - y.mean()) / y.std()
    assert scale(y).is_far(10.0, 0.05) is far


@pytest.mark.parametrize(
    ("factors", "uneven"),
    [((1, 1), 1), ((1, 2000), 2000), ((1, 0, 0.05), 20), ((1, *[30] * 16), 1)],
)
def test_columns_of_different_sizes(factors, uneven):
    y = diabetes()[1]
    y = np.stack([factor * (y - y.mean()) / y.std() for factor in factors], 1)
    found = scale(y)
    assert found.unevenness == pytest.approx(uneven, rel=1e-3)
    assert ("columns" in found.text) is (uneven > 1)
    assert found.is_far(10.0, 0.05) is (uneven > 10 or len(factors) > 16)


def test_the_share_explained_of_columns_is_the_least():
    y = diabetes()[1]
    y = np.stack([y, 1000 * (y % 7), np.full(len(y), 3.0)], 1).astype("float32")
    model, made = program(y)
    kernel, bias = model.get_weights()
    mean = made.sample.y.mean(0)
    model.set_weights([0 * kernel, bias + mean])
    found = target_scales(made.task)[0]
    assert variance_explained(model, made.sample, found) == pytest.approx(0, abs=1e-5)
    model.set_weights([0 * kernel, bias])  # worse than the mean in both: as good as nothing
    assert variance_explained(model, made.sample, found) == 0
    wide = dataclasses.replace(found, factor=np.array(1.0))
    assert variance_explained(model, made.sample, wide) < 0


@pytest.mark.parametrize("vector", [False, True])
def test_rescaled_targets_have_unit_scale(vector):
    y = diabetes()[1]
    y = np.stack([y, 1e4 - 30 * y, np.full(len(y), 3.0)], 1) if vector else y
    made = rescaled_targets(y, [scale(y)])
    np.testing.assert_allclose(made.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(made.std(0), [1, 1, 0] if vector else 1, atol=1e-4)


def test_a_head_that_is_never_negative_keeps_its_zero():
    y = diabetes()[1]
    made = rescaled_targets(y, [scale(y, activation="relu")])
    assert made.min() > 0
    assert np.square(made).mean() == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("loss", ["msle", "mape", "poisson", "cosine_similarity"])
def test_losses_that_read_the_unit_are_left_alone(loss):
    y = diabetes()[1]
    assert target_scales(program(y, loss=loss)[1].task) == []
    assert target_scales(program(y, loss=lambda t, p: (t - p) ** 2)[1].task) == []


def test_classes_have_no_scale():
    model = compiled(
        layers.Dense(1, activation="sigmoid"), shape=(30,), loss="binary_crossentropy"
    )
    assert target_scales(subject(model, *cancer()).task) == []


def test_variance_explained_by_the_mean_is_none():
    y = diabetes()[1]
    model, made = program(y)
    kernel, bias = model.get_weights()
    model.set_weights([0 * kernel, bias + made.sample.y.mean()])
    assert variance_explained(model, made.sample, target_scales(made.task)[0]) == pytest.approx(
        0, abs=1e-5
    )
    model.set_weights([0 * kernel, bias])
    y = made.sample.y.astype("float64")
    assert variance_explained(model, made.sample, target_scales(made.task)[0]) == pytest.approx(
        1 - np.square(y).mean() / y.var(), rel=1e-4
    )


@pytest.mark.parametrize(
    ("activation", "outside", "lost"),
    [(None, 0, 0), ("relu", 0.5, 0.5), ("tanh", 1, 9 / 16), ("sigmoid", 1, (9 + 16) / 2 / 16)],
)
def test_what_is_out_of_reach(activation, outside, lost):
    head = scale(diabetes()[1], activation=activation).head
    share, variance = out_of_reach(np.array([-4.0, 4.0]), head)
    assert share == outside
    assert variance == pytest.approx(lost)
