"""Copies of a model with layers put in, left out or exchanged."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keras_recipe.core.errors import NotApplicable
from keras_recipe.surgery.rebuilt import rebuilt

X = np.random.default_rng(0).normal(size=(16, 6)).astype("float32")


def sequential():
    model = keras.Sequential(
        [keras.Input((6,)), L.Dense(4, "relu", name="a"), L.Dense(3, name="b")]
    )
    model.compile(keras.optimizers.SGD(0.1), keras.losses.Huber(delta=0.3))
    return model


def functional():
    entrance = keras.Input((6,))
    hidden = L.Dense(4, "relu", name="a")(entrance)
    both = L.Concatenate()([hidden, entrance])
    model = keras.Model(entrance, L.Dense(3, name="b")(both))
    model.compile(keras.optimizers.SGD(0.1), keras.losses.Huber(delta=0.3))
    return model


def doubled():
    return (L.Rescaling(2.0),)


@pytest.fixture(params=[sequential, functional])
def model(request):
    return request.param()


def test_a_copy_says_the_same_with_the_same_loss_and_optimizer(model):
    before = [np.array(w) for w in model.get_weights()]
    made = rebuilt(model)
    assert made is not model
    np.testing.assert_array_equal(made.predict(X, verbose=0), model.predict(X, verbose=0))
    assert made.loss is model.loss
    assert float(made.optimizer.learning_rate) == pytest.approx(0.1)
    made.fit(X, X[:, :3], verbose=0)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_layers_in_front_come_first_for_every_use_of_the_input(model):
    made = rebuilt(model, front=doubled)
    np.testing.assert_allclose(
        made.predict(X, verbose=0), model.predict(2 * X, verbose=0), rtol=1e-5, atol=1e-6
    )


def test_layers_before_a_layer_change_what_it_gets(model):
    made = rebuilt(model, before={"b": doubled})
    bias = keras.ops.convert_to_numpy(model.get_layer("b").bias)
    np.testing.assert_allclose(
        made.predict(X, verbose=0) - bias,
        2 * (model.predict(X, verbose=0) - bias),
        rtol=1e-4,
        atol=1e-5,
    )


def test_a_layer_is_left_out_or_exchanged_and_what_follows_is_built_anew():
    made = rebuilt(sequential(), without=("a",))
    assert made.get_layer("b").kernel.shape == (6, 3)
    made = rebuilt(sequential(), instead={"a": lambda: (L.Dense(5),)})
    assert made.get_layer("b").kernel.shape == (5, 3)
    made = rebuilt(functional(), without=("a",))
    assert made.get_layer("b").kernel.shape == (12, 3)


def test_adapted_and_frozen_layers_stay_so():
    model = keras.Sequential(
        [keras.Input((6,)), L.Normalization(), L.Dense(4, name="a"), L.Dense(3)]
    )
    model.layers[0].adapt(X + 3)
    model.get_layer("a").trainable = False
    model.compile("sgd", "mse")
    made = rebuilt(model)
    np.testing.assert_allclose(
        made.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-5, atol=1e-6
    )
    assert not made.get_layer("a").trainable


def test_what_cannot_be_built_anew_says_so():
    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    own = Own()
    own.compile("sgd", "mse")
    with pytest.raises(NotApplicable, match="a Own of your own"):
        rebuilt(own)
    with pytest.raises(NotApplicable, match="cannot be built anew so"):
        rebuilt(sequential(), front=lambda: (L.AveragePooling2D(2),))
