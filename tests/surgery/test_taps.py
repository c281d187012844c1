"""A head without a graph is proved by the numbers of an eager call, which leaves no trace."""

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


def plain(*args, **kwargs):
    model = Plain(*args, **kwargs)
    model(np.ones((2, 6), "float32"))
    return model


class Wrapper(keras.Model):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def call(self, inputs, training=False):
        return self.model(inputs, training=training)


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


def test_no_bias_is_proved_without_one():
    (head,) = find_heads(plain(use_bias=False))
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
