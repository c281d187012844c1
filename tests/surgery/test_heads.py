"""Every output gets one head, in order, with a reason where it is not sure; never a crash."""

import keras
import pytest
from keras import layers, ops

from keras_recipe.surgery.heads import find_heads


def dense(units, activation=None, **kwargs):
    return layers.Dense(units, activation=activation, **kwargs)


def functional(tail):
    inputs = keras.Input((6,))
    return keras.Model(inputs, tail(dense(8, "relu")(inputs)))


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
    (head,) = find_heads(functional(dense(3, use_bias=False)))
    assert head.sure
    assert head.bias is None
