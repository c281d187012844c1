"""Without regularization means without, and afterwards all is what it was."""

import keras
import numpy as np
import pytest
from keras import layers
from stepping import X, Y, noisy, step

from keras_recipe.core.remembered import remembering
from keras_recipe.surgery.toggles import (
    set_dropout,
    set_weight_decay,
    switch_off_regularization,
    without_regularization,
)


def still(model, x=X, y=Y):
    """Say whether training steps compute what inference computes, to float32's rounding."""
    loss = float(model.test_on_batch(x, y))
    return np.allclose([step(model, x, y), step(model, x, y)], loss, rtol=1e-5)


def mlp(rate, *, optimizer=None, **dense):
    keras.utils.set_random_seed(3)
    drop = [] if rate is None else [layers.Dropout(rate)]
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(8, **dense), *drop, layers.Dense(1)]
    )
    model.compile(optimizer or keras.optimizers.Adam(0.01), "mse")
    return model


def regularized():
    regularizers = {"kernel_regularizer": "l2", "activity_regularizer": "l1"}
    model = mlp(0.5, optimizer=keras.optimizers.AdamW(0.0, weight_decay=0.1), **regularizers)
    return model, X[:, 0]


def functions(model):
    return [model.train_function, model.test_function, model.predict_function]


def test_without_regularization_and_back_to_the_same_functions():
    model, x = regularized()
    assert noisy(model, x)
    full = float(model.test_on_batch(x, Y))
    before, plain = functions(model), float(np.mean((model.predict_on_batch(x) - Y) ** 2))
    before = functions(model)
    with without_regularization(model) as switched:
        assert switched
        assert [step(model, x), step(model, x)] == pytest.approx([plain] * 2, rel=1e-5)
        assert model.optimizer.weight_decay == 0.0
    assert all(a is b for a, b in zip(before, functions(model), strict=True))
    assert noisy(model, x)
    assert float(model.test_on_batch(x, Y)) == pytest.approx(full, rel=1e-6)
    assert model.optimizer.weight_decay == 0.1


def test_what_was_never_compiled_is_not_left_compiled_without_regularization():
    model, x = regularized()

    def stopped():
        with without_regularization(model):
            assert still(model, x)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert functions(model) == [None, None, None]
    assert noisy(model, x)


def test_nothing_to_switch_off_traces_nothing():
    model = mlp(None)
    step(model, X[:, 0])
    before = model.train_function
    with without_regularization(model) as switched:
        assert not switched
        assert model.train_function is before
    set_dropout(model, 0.0)
    set_dropout(model, None)
    set_weight_decay(model, 0.0)
    set_weight_decay(model, None)
    assert model.train_function is before


def test_the_functions_without_are_used_again_and_mean_the_same():
    model, x = regularized()
    full = noisy(model, x)
    with remembering():
        for _ in range(2):
            with without_regularization(model):
                found = model.train_function
                assert still(model, x)
            assert noisy(model, x) is full
        with without_regularization(model):
            assert model.train_function is found
        set_dropout(model, 0.25)  # another step: what was made for the old one is of no use
        assert noisy(model, x)
        with without_regularization(model):
            assert model.train_function is not found
            assert still(model, x)


def test_all_of_it_is_switched_off_for_good():
    model, x = regularized()
    assert noisy(model, x)
    switch_off_regularization(model)
    assert still(model, x)
    quiet = layers.Dense(2, activity_regularizer="l2", kernel_regularizer="l2")
    model = keras.Sequential([keras.Input((3,)), quiet])
    model.compile("sgd", "mse")
    switch_off_regularization(model)
    data = np.ones((4, 3)), np.zeros((4, 2))
    loss = model.evaluate(*data, verbose=0)
    assert loss == pytest.approx(np.square(model.predict(data[0], verbose=0)).mean(), rel=1e-5)
