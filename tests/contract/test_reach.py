import keras
import numpy as np
import pytest
from keras import layers
from specimens import compiled, diabetes, subject

from keras_recipe.contract.reach import LONGEST, furthest_mean, travel

opt = keras.optimizers


def made(optimizer, epochs=10, scale=1.0):
    x, y = diabetes()
    model = compiled(layers.Dense(1), shape=(10,), loss="mse", optimizer=optimizer)
    return subject(model, x, y * scale, epochs=epochs)


def test_a_constant_rate_times_the_steps():
    subject_ = made(opt.Adam(0.01))
    steps = 10 * np.ceil(442 / 32)
    found = travel(subject_.need("model"), subject_.need("fit"))
    assert found == pytest.approx(LONGEST * 0.01 * steps, rel=1e-5)


def test_a_schedule_is_summed():
    falling = opt.schedules.PolynomialDecay(0.01, 140, end_learning_rate=0.0)
    subject_ = made(opt.Adam(falling))
    found = travel(subject_.need("model"), subject_.need("fit"))
    assert found == pytest.approx(LONGEST * 0.005 * 140, rel=0.02)


@pytest.mark.parametrize(("optimizer", "epochs"), [(opt.SGD(0.01), 10), (opt.Adam(0.01), 1)])
def test_it_is_not_known_without_a_bound_or_a_plan(optimizer, epochs):
    subject_ = made(optimizer, epochs)
    assert travel(subject_.need("model"), subject_.need("fit")) is None


def test_no_training_gets_further_and_the_model_is_put_back():
    subject_ = made(opt.Adam(0.01), scale=1000)
    model, fit = subject_.need("model"), subject_.need("fit")
    before = model.get_weights()
    means = furthest_mean(model, 0, subject_.probe, travel(model, fit))
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    x, y = diabetes()
    model.fit(x, y * 1000, batch_size=32, epochs=10, verbose=0)
    assert model.predict(x, verbose=0).mean() < means.max()


def test_it_stops_when_that_is_enough():
    subject_ = made(opt.Adam(0.01), scale=1000)
    model, fit = subject_.need("model"), subject_.need("fit")
    means = furthest_mean(
        model, 0, subject_.probe, travel(model, fit), enough=lambda mean: mean[0] > 0
    )
    assert len(means) < 10
