"""A compiled function made anew is traced anew, even while the old one is held."""

import keras
from keras import layers
from stepping import X, noisy, step

from keras_recipe.core.remembered import remembering
from keras_recipe.surgery.compiled import put_back, remake, remake_once


def mlp(rate, *, optimizer=None, **dense):
    keras.utils.set_random_seed(3)
    drop = [] if rate is None else [layers.Dropout(rate)]
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(8, **dense), *drop, layers.Dense(1)]
    )
    model.compile(optimizer or keras.optimizers.Adam(0.01), "mse")
    return model


def test_a_held_function_does_not_hide_the_change():
    """JAX finds old traces by equality while the old function lives."""
    model = mlp(0.5, optimizer=keras.optimizers.SGD(0.0))
    x = X[:, 0]
    assert noisy(model, x)
    held = model.train_function
    for rate in (0.0, 0.5):
        model.layers[1].rate = rate
        remake(model)
        assert noisy(model, x) is bool(rate)
    assert held is not model.train_function
    assert "train_step" not in vars(model)


def test_functions_come_back_and_absent_ones_stay_absent():
    model = mlp(0.5)
    step(model, X[:, 0])
    before = model.train_function
    with put_back(model):
        remake(model, absent=True)
        assert None not in (model.test_function, model.predict_function)
        assert model.train_function is not before
    assert model.train_function is before
    assert model.test_function is None
    assert model.predict_function is None


def test_an_uncompiled_model_has_nothing_to_remake():
    model = keras.Sequential([keras.Input((6,)), layers.Dense(1)])
    remake(model, absent=True)
    assert model.train_function is None


def made_for(model, *of):
    with put_back(model):
        remake_once(model, of)
        return model.train_function


def test_the_same_change_of_the_same_step_is_traced_once():
    model, change = mlp(0.5), (object(), "rate")
    step(model, X[:, 0])
    with remembering():
        first = made_for(model, *change)
        assert made_for(model, *change) is first
        assert made_for(model, *change, "stddev") is not first
        remake(model)  # something else has changed
        assert made_for(model, *change) is not first
    assert made_for(model, *change) is not made_for(model, *change)


def test_without_a_step_nothing_is_taken_for_the_same():
    model = mlp(0.5)
    with remembering():
        assert made_for(model) is not made_for(model)
