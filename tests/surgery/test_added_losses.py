"""Losses that layers add: seen, left out for a while, and back."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.surgery.added_losses import adds_losses, without_added_losses

X = np.random.default_rng(0).normal(size=(16, 6)).astype("float32")
Y = X[:, :1]


@keras.saving.register_keras_serializable("tests")
class Priced(layers.Layer):
    """Adds the mean square of what it is given to the loss, while training."""

    def call(self, x, training=False):
        if training:
            self.add_loss(100.0 * keras.ops.mean(keras.ops.square(x)))
        return x


def net(*middle, **dense):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(4, **dense), *middle, layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(0.0), "mse")
    return model


@pytest.mark.parametrize(
    ("middle", "dense", "adds"),
    [
        ([], {}, False),
        ([], {"kernel_regularizer": "l2"}, False),
        ([], {"activity_regularizer": "l2"}, True),
        ([Priced()], {}, True),
    ],
)
def test_who_adds_is_seen(middle, dense, adds):
    model = net(*middle, **dense)
    state = [np.array(keras.ops.convert_to_numpy(v)) for v in model.variables]
    assert adds_losses(model, X[:2]) is adds
    for variable, before in zip(model.variables, state, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), before)


def test_a_step_leaves_them_out_and_they_come_back():
    model = net(Priced())
    whole = float(model.train_on_batch(X, Y))
    function = model.train_function
    plain = float(np.mean((model.predict_on_batch(X) - Y) ** 2))
    assert whole > plain + 1
    with without_added_losses(model):
        assert float(model.train_on_batch(X, Y)) == pytest.approx(plain, rel=1e-5)
    assert model.train_function is function
    model.reset_metrics()
    assert float(model.train_on_batch(X, Y)) == pytest.approx(whole, rel=1e-5)


def test_a_model_that_cannot_be_called_adds_nothing():
    assert adds_losses(net(), np.ones((2, 9), "float32")) is False
