"""Callbacks of one fit write to one trace."""

import keras
import numpy as np
from keras import layers

from keras_recipe.callbacks.shared import join


class First(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.trace, self.shared = join(self)


class Second(First):
    pass


def fit(*callbacks):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2)), np.ones(4), verbose=0, callbacks=list(callbacks))


def test_two_kinds_share_and_two_of_a_kind_do_not():
    first, second, again = First(), Second(), First()
    fit(first, second, again)
    assert first.trace is second.trace
    assert (first.shared, second.shared, again.shared) == (True, True, False)
    assert again.trace is not first.trace


def test_another_fit_has_another_trace():
    callback = First()
    fit(callback)
    before = callback.trace
    fit(callback)
    assert callback.trace is not before
