"""The way back from an output along layers, operations and nested models."""

import keras
import pytest
from keras import layers, ops

from keras_recipe.surgery.heads import find_heads


def dense(units, activation=None, **kwargs):
    return layers.Dense(units, activation=activation, **kwargs)


def functional(tail):
    inputs = keras.Input((6,))
    return keras.Model(inputs, tail(dense(8, "relu")(inputs)))


AFTER = {
    "softmax": [dense(3), layers.Softmax()],
    "sigmoid": [dense(3), layers.Activation("sigmoid"), layers.Dropout(0.5)],
    "relu": [dense(3), layers.ReLU()],
    "leaky_relu": [dense(3), layers.LeakyReLU()],
    "tanh": [dense(6), layers.Reshape((2, 3)), layers.Activation("tanh")],
    "linear": [dense(3), layers.Identity(), layers.Flatten()],
}


@pytest.mark.parametrize("name", AFTER)
@pytest.mark.parametrize("built", [True, False])
def test_layers_after_the_head_in_a_sequential(name, built):
    tail = [type(layer).from_config(layer.get_config()) for layer in AFTER[name]]
    start = [keras.Input((6,))] if built else []
    model = keras.Sequential([*start, dense(8, "relu", name="body"), *tail])
    (head,) = find_heads(model)
    assert (head.layer, head.activation, head.sure) == (model.layers[1], name, True)
    assert (head.bias is not None) is built


OPS = {
    "sigmoid": ops.sigmoid,
    "softmax": ops.softmax,
    "exponential": ops.exp,
    "softplus": ops.softplus,
    "relu": lambda x: ops.reshape(ops.relu(x), (-1, 3)),
    "linear": lambda x: ops.cast(ops.expand_dims(x, -1), "float32"),
    "log_softmax": keras.activations.log_softmax,
}


@pytest.mark.parametrize("name", OPS)
def test_ops_after_the_head(name):
    model = functional(lambda x: OPS[name](dense(3, name="raw")(x)))
    (head,) = find_heads(model)
    assert (head.layer.name, head.activation, head.sure) == ("raw", name, True)


def test_a_function_over_another_axis_is_not_softmax():
    inputs = keras.Input((4, 6))
    model = keras.Model(inputs, ops.softmax(dense(3)(inputs), axis=1))
    (head,) = find_heads(model)
    assert (head.activation, head.sure) == ("unknown", False)


def test_convolution_and_time_distributed_heads():
    image = keras.Input((8, 8, 3))
    pixel = keras.Model(image, layers.Conv2D(4, 1, activation="softmax", name="p")(image))
    pooled = keras.Model(image, layers.GlobalAveragePooling2D()(layers.Conv2D(4, 1)(image)))
    tokens = keras.Input((None, 3))
    token = keras.Model(tokens, layers.TimeDistributed(dense(5, "softmax"))(tokens))
    for model, name, shape in (
        (pixel, "softmax", (8, 8, 4)),
        (pooled, "linear", (4,)),
        (token, "softmax", (None, 5)),
    ):
        (head,) = find_heads(model)
        assert (head.activation, head.sure, head.shape) == (name, True, shape)
        assert tuple(head.bias.shape) == (shape[-1],)


def test_nested_models_are_opened():
    inner = functional(lambda x: layers.Softmax()(dense(3, name="deep")(x)))
    for model in (
        keras.Sequential([keras.Input((6,)), layers.Rescaling(2.0), inner]),
        functional(lambda x: inner(dense(6)(x))),
        functional(lambda x: ops.reshape(keras.Sequential([dense(6), inner])(x), (-1, 3))),
    ):
        (head,) = find_heads(model)
        assert (head.layer.name, head.activation, head.sure) == ("deep", "softmax", True)
