"""Heads are found, named and proved on every kind of model, and never by a crash."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_recipe.surgery.heads import find_heads


def dense(units, activation=None, **kwargs):
    return layers.Dense(units, activation=activation, **kwargs)


def functional(tail):
    inputs = keras.Input((6,))
    return keras.Model(inputs, tail(dense(8, "relu")(inputs)))


class Plain(keras.Model):
    """No graph; the head is made before the body, so that order alone misleads."""

    def __init__(self, activation=None, after=None, **kwargs):
        super().__init__()
        self.head = dense(3, activation, **kwargs)
        self.body = dense(3, "tanh")
        self.after = after or (lambda x: x)

    def call(self, inputs):
        return self.after(self.head(self.body(inputs)))


class Wrapper(keras.Model):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def call(self, inputs, training=False):
        return self.model(inputs, training=training)


def plain(*args, **kwargs):
    model = Plain(*args, **kwargs)
    model(np.ones((2, 6), "float32"))
    return model


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


@pytest.mark.parametrize(
    ("fn", "name"),
    [
        (lambda x: ops.sigmoid(x), "sigmoid"),
        (lambda x: ops.clip(x, 0, 6), "relu6"),
        (lambda x: ops.sigmoid(x / 3), "unknown"),
        (ops.exp, "exponential"),
    ],
)
def test_a_function_is_named_by_its_numbers(fn, name):
    for model in (
        functional(lambda x: layers.Lambda(fn)(dense(3)(x))),
        functional(dense(3, fn)),
        plain(fn),
        plain(after=fn),
    ):
        (head,) = find_heads(model)
        assert head.activation == name


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


def test_several_heads_in_flattened_order():
    inputs = keras.Input((6,))
    outputs = {"z": dense(2, "softmax", name="q")(inputs), "b": dense(1, name="r")(inputs)}
    heads = find_heads(keras.Model(inputs, outputs))
    assert [(h.name, h.layer.name, h.activation) for h in heads] == [
        ("b", "r", "linear"),
        ("z", "q", "softmax"),
    ]
    heads = find_heads(keras.Model(inputs, list(outputs.values())))
    assert [(h.name, h.activation) for h in heads] == [("q", "softmax"), ("r", "linear")]


def test_nested_models_are_opened():
    inner = functional(lambda x: layers.Softmax()(dense(3, name="deep")(x)))
    for model in (
        keras.Sequential([keras.Input((6,)), layers.Rescaling(2.0), inner]),
        functional(lambda x: inner(dense(6)(x))),
        functional(lambda x: ops.reshape(keras.Sequential([dense(6), inner])(x), (-1, 3))),
    ):
        (head,) = find_heads(model)
        assert (head.layer.name, head.activation, head.sure) == ("deep", "softmax", True)


@pytest.mark.parametrize("added_one_by_one", [True, False])
def test_a_wrapper_is_listened_to(added_one_by_one):
    parts = [keras.Input((6,)), dense(3), dense(3, "softmax", name="last")]
    inner = keras.Sequential([] if added_one_by_one else parts)
    for part in parts if added_one_by_one else []:
        inner.add(part)
    model = Wrapper(inner)
    model(np.ones((2, 6), "float32"))
    (head,) = find_heads(model)
    assert (head.layer.name, head.activation, head.sure) == ("last", "softmax", True)


@pytest.mark.parametrize(("own", "after"), [("sigmoid", None), (None, ops.sigmoid)])
def test_a_subclassed_model_is_proved_and_left_as_it_was(own, after):
    model = plain(own, after)
    before = [w.copy() for w in model.get_weights()]
    (head,) = find_heads(model)
    assert (head.layer, head.activation, head.sure) == (model.head, "sigmoid", True)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert model.head.activation is keras.activations.get(own)
    assert "call" not in vars(model.head)


def test_dict_outputs_of_a_subclassed_model():
    class Two(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = dense(2), dense(4)

        def call(self, inputs):
            return {"u": ops.softmax(self.first(inputs["p"])), "a": self.second(inputs["q"])}

    model = Two()
    model({"p": np.ones((2, 3), "float32"), "q": np.ones((2, 5), "float32")})
    heads = find_heads(model)
    assert [(h.name, h.layer.units, h.activation, h.sure) for h in heads] == [
        ("a", 4, "linear", True),
        ("u", 2, "softmax", True),
    ]


@pytest.mark.parametrize("shifted", [True, False])
def test_a_layer_of_the_users_is_believed_only_if_its_bias_shifts_the_output(shifted):
    class Mine(layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight((shape[-1], 3))
            self.bias = self.add_weight((3,), initializer="zeros")

        def call(self, x):
            value = ops.matmul(x, self.kernel) + self.bias
            return value if shifted else ops.maximum(value, -0.5)

    (head,) = find_heads(functional(Mine()))
    assert head.sure is shifted
    assert isinstance(head.layer, Mine)


UNSURE = {
    "Add": lambda x: layers.Add()([dense(3)(x), dense(3)(x)]),
    "activation of its own": lambda x: layers.Softmax()(dense(3, "relu")(x)),
    "BatchNormalization": lambda x: layers.Softmax()(layers.BatchNormalization()(dense(3)(x))),
    "Multiply": lambda x: dense(3)(x) * 2.0,
    "LSTM": lambda x: layers.LSTM(3)(ops.expand_dims(x, 1)),
}


@pytest.mark.parametrize("reason", UNSURE)
def test_what_cannot_be_proved_is_not_sure_and_says_why(reason):
    (head,) = find_heads(functional(UNSURE[reason]))
    assert not head.sure
    assert reason in head.why


def test_weird_models_do_not_raise():
    class Never(keras.Model):
        def call(self, inputs):
            raise RuntimeError

    class Bare(keras.Model):
        def __init__(self):
            super().__init__()
            self.only = dense(2, "sigmoid")

    inputs = keras.Input((6,))
    for model in (Never(), keras.Sequential([]), keras.Model(inputs, inputs)):
        (head,) = find_heads(model)[:1] or [None]
        assert head is None or (head.layer is None and head.why)
    (head,) = find_heads(Bare())
    assert (head.layer.units, head.activation, head.sure) == (2, "sigmoid", False)
    assert "guess" in head.why.lower()


def test_no_bias_is_sure_and_has_none():
    for model in (functional(dense(3, use_bias=False)), plain(use_bias=False)):
        (head,) = find_heads(model)
        assert head.sure
        assert head.bias is None


def test_half_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = plain("sigmoid")
    finally:
        keras.config.set_dtype_policy("float32")
    (head,) = find_heads(model)
    assert (head.layer, head.activation, head.sure) == (model.head, "sigmoid", True)
