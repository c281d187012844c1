import keras
import numpy as np
import pytest
from keras import layers as L
from specimens import classifier, compiled, digits

from keras_recipe.data.batch import Batch
from keras_recipe.experiments import trial


def line(rate):
    model = compiled(
        L.Dense(1, use_bias=False, kernel_initializer="zeros"),
        shape=(1,),
        loss="mse",
        optimizer=keras.optimizers.SGD(rate),
    )
    return model, Batch(np.ones((4, 1), "float32"), np.ones((4, 1), "float32"))


def test_steps_follow_the_closed_form_of_gradient_descent():
    model, rows = line(0.1)
    trial.advance(model, rows, 5, 2)
    assert float(model.get_weights()[0][0, 0]) == pytest.approx(1 - 0.8**5, rel=1e-5)


def test_parts_of_a_long_training_are_one_training(monkeypatch):
    x, y = digits()
    rows = Batch(x[:50], y[:50])
    keras.utils.set_random_seed(1)
    whole, parts = classifier(), classifier()
    parts.set_weights(whole.get_weights())
    trial.advance(whole, rows, 7, 16)
    monkeypatch.setattr(trial, "STRIDE_BYTES", 16 * 3 * (64 * 4 + 4))
    trial.advance(parts, rows, 7, 16)
    for one, two in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)


def test_the_curve_starts_before_the_first_step_and_stops_at_the_target():
    model, rows = line(0.1)
    curve = trial.train(model, rows, steps=50, batch_size=4, every=1, target=0.5)
    assert curve.losses[0] == pytest.approx(1.0)
    assert curve.losses[-1] == pytest.approx(0.8 ** (2 * curve.steps[-1]), rel=1e-4)
    assert curve.losses[-2] > 0.5 >= curve.losses[-1]


def test_without_time_one_measurement_is_taken():
    model, rows = line(0.1)
    curve = trial.train(model, rows, steps=50, batch_size=4, every=2, seconds=0.0)
    assert list(curve.steps) == [0, 2]


def test_what_fit_refuses_is_untrainable():
    model, _ = line(0.1)
    rows = Batch(np.ones((4, 3), "float32"), np.ones((4, 1), "float32"))
    with pytest.raises(trial.Untrainable):
        trial.advance(model, rows, 1, 4)


@pytest.mark.parametrize("bytes_at_once", [2**20, 16])
def test_it_stops_after_the_step_whose_loss_is_low_enough(monkeypatch, bytes_at_once):
    monkeypatch.setattr(trial, "STRIDE_BYTES", bytes_at_once)  # 16: a call of fit each step
    model, rows = line(0.1)
    done, _ = trial.advance(model, rows, 50, 4, until=0.5)  # 1, 0.64, 0.41 before each step
    assert done == 3
    assert float(model.get_weights()[0][0, 0]) == pytest.approx(1 - 0.8**3, rel=1e-5)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="takes one step at a time")
def test_steps_made_at_once_are_told_by_their_mean():
    model, rows = line(0.1)
    model.compile(keras.optimizers.SGD(0.1), "mse", steps_per_execution=2)
    done, _ = trial.advance(model, rows, 50, 4, until=0.5)  # (1 + 0.64) / 2, (0.41 + 0.26) / 2
    assert done == 4


def test_a_loss_that_is_never_low_enough_takes_all_steps():
    model, rows = line(0.0)
    assert trial.advance(model, rows, 5, 4, until=0.5) == (5, pytest.approx(1.0))


@pytest.mark.parametrize("bytes_at_once", [1, 10**9])
def test_an_average_of_the_weights_does_not_take_the_place_of_what_was_learned(
    monkeypatch, bytes_at_once
):
    monkeypatch.setattr(trial, "STRIDE_BYTES", bytes_at_once)
    x, y = digits()
    found = []
    for averaged in (False, True):
        keras.utils.set_random_seed(0)
        rate = keras.optimizers.Adam(0.01, use_ema=averaged, ema_momentum=0.9999)
        model = classifier(optimizer=rate)
        trial.advance(model, Batch(x[:64], y[:64]), 8, 32)
        assert rate.use_ema is averaged
        found.append(keras.ops.convert_to_numpy(model.trainable_variables[0]))
    assert np.array_equal(*found)
