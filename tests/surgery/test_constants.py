"""The best constant is the optimum of the model's own loss, also where no formula gives it."""

import keras
import numpy as np
import pytest
from keras import layers, losses, ops
from specimens import constant_net as net

from keras_recipe.surgery.constants import best_constant

ROWS = 200


CLASSES = np.repeat([0, 1, 2], [120, 60, 20])
PRIORS = np.array([0.6, 0.3, 0.1])
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]


VALUES = np.random.default_rng(0).gamma(2.0, 20.0, size=(ROWS, 2)).astype("float32")


def best_on_a_grid(loss, transform, y, low, high):
    """Oracle: the lowest loss of a constant over a fine grid, one unit."""
    tries = np.linspace(low, high, 2001).astype("float32")

    def at(value):
        output = transform(ops.full((len(y), 1), value))
        return float(ops.convert_to_numpy(loss(ops.convert_to_tensor(y[:, None]), output)))

    # coarse to fine: the losses here have one minimum
    for _ in range(3):
        values = [at(t) for t in tries[::100]]
        best = tries[::100][int(np.argmin(values))]
        width = (tries[-1] - tries[0]) / 10
        tries = np.linspace(best - width, best + width, 2001).astype("float32")
    return float(best), min(values)


def pinball(y, z):
    return ops.maximum(0.9 * (y - z), -0.1 * (y - z))


SEARCHED = {
    "focal": ("sigmoid", losses.BinaryFocalCrossentropy(gamma=2.0), "binary", (-5, 5)),
    "smooth": ("sigmoid", losses.BinaryCrossentropy(label_smoothing=0.3), "binary", (-5, 5)),
    "huber": (None, losses.Huber(delta=30.0), "values", (0, 150)),
    "log_cosh": (None, losses.LogCosh(), "small", (0, 15)),
    "msle": ("softplus", losses.MeanSquaredLogarithmicError(), "values", (0, 150)),
}


@pytest.mark.parametrize("case", SEARCHED)
def test_a_loss_without_closed_form_is_searched(case):
    activation, loss, kind, span = SEARCHED[case]
    y = VALUES[:, 0] / (20 if kind == "small" else 1)
    y = (np.arange(ROWS) < 30).astype("float32") if kind == "binary" else y
    model = net(layers.Dense(1, activation=activation), loss=loss)
    value, lowest = best_on_a_grid(loss, keras.activations.get(activation), y, *span)
    best = best_constant(model, y)
    assert best.outputs[0].values[0] == pytest.approx(value, abs=0.02 * max(1, abs(value)))
    assert best.loss <= lowest * (1 + 1e-4)
    assert best.outputs[0].form.startswith("refined")


def test_focal_optimum_is_below_the_prior_for_many_classes():
    loss = losses.CategoricalFocalCrossentropy()
    model = net(layers.Dense(3, activation="softmax"), loss=loss)
    best = best_constant(model, ONE_HOT)
    prior = float(loss(ONE_HOT, np.tile(PRIORS, (ROWS, 1)).astype("float32")))
    assert best.loss < prior * 0.99


def test_label_smoothing_and_a_quantile_have_their_own_closed_forms():
    loss = losses.CategoricalCrossentropy(label_smoothing=0.2)
    model = net(layers.Dense(3, activation="softmax"), loss=loss)
    values = best_constant(model, ONE_HOT).outputs[0].values
    shares = np.exp(values) / np.exp(values).sum()
    np.testing.assert_allclose(shares, PRIORS * 0.8 + 0.2 / 3, atol=5e-3)
    best = best_constant(net(layers.Dense(1), loss=pinball), VALUES[:, 0])
    assert best.outputs[0].values[0] == pytest.approx(np.quantile(VALUES[:, 0], 0.9), rel=0.02)


def test_large_labels_are_searched_on_a_part_and_carried_to_the_whole():
    y = np.random.default_rng(0).normal(5.0, 2.0, size=20_000).astype("float32")
    best = best_constant(net(layers.Dense(1), loss="mse"), y)
    assert best.rows == 1024
    assert best.outputs[0].values[0] == pytest.approx(y.mean(), rel=1e-6)
    best = best_constant(net(layers.Dense(1), loss=losses.Huber(0.5)), y)
    assert best.outputs[0].values[0] == pytest.approx(np.median(y), abs=0.1)


def test_many_units_are_searched_along_a_few_directions():
    y = np.random.default_rng(0).gamma(2.0, size=(ROWS, 80)).astype("float32")
    best = best_constant(net(layers.Dense(80), loss=losses.Huber(0.3)), y)
    mean, median = (
        float(losses.Huber(0.3)(y, np.broadcast_to(c, y.shape).astype("float32")))
        for c in (y.mean(0), np.median(y, axis=0))
    )
    assert best.loss <= min(mean, median)
