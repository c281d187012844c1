"""The model's own loss comes to the same, traced once for a whole check or called op by op."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.core.remembered import remembering
from keras_recipe.data.batch import Batch
from keras_recipe.loss import LossUndefined, data_loss, outputs_of, predict

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(12, 6)).astype("float32")
Y = RANDOM.integers(0, 3, 12)


def heads(loss, **settings):
    """A penalised model with two heads for the same labels."""
    inputs = keras.Input((6,))
    hidden = layers.Dense(5, kernel_regularizer=keras.regularizers.L2(0.5))(inputs)
    made = {name: layers.Dense(3, "softmax", name=name)(hidden) for name in ("a", "b")}
    model = keras.Model(inputs, made)
    model.compile("adam", dict.fromkeys(made, loss), **settings)
    return model


def one(loss="sparse_categorical_crossentropy"):
    model = keras.Sequential([keras.Input((6,)), layers.Dense(3, activation="softmax")])
    model.compile("adam", loss)
    return model


def both(model, batch, outputs):
    """Return the loss op by op (which builds it), and within a check twice."""
    first = data_loss(model, batch, outputs)
    with remembering():
        return first, data_loss(model, batch, outputs), data_loss(model, batch, outputs)


@pytest.mark.parametrize("weights", [None, np.linspace(0, 2, 12, dtype="float32")])
def test_heads_weights_and_penalties_come_to_the_same(weights):
    model = heads("sparse_categorical_crossentropy", loss_weights={"a": 1.0, "b": 0.3})
    batch = Batch(X, {"a": Y, "b": Y[::-1]}, weights)
    outputs = predict(model, X)
    found = both(model, batch, outputs)
    assert found == pytest.approx([found[0]] * 3, rel=1e-5)
    for name, y, scale in (("a", Y, 1.0), ("b", Y[::-1], 0.3)):
        rows = -np.log(outputs[name][np.arange(12), y]) * (1 if weights is None else weights)
        found = [value - scale * rows.mean() for value in found]
    assert found == pytest.approx([0.0] * 3, abs=1e-5)  # no penalty is left in it


def test_weights_that_move_are_not_constants():
    model = heads("sparse_categorical_crossentropy")
    batch, outputs = Batch(X, {"a": Y, "b": Y}), predict(model, X)
    data_loss(model, batch, outputs)
    with remembering():
        before = data_loss(model, batch, outputs)
        model.layers[1].kernel.assign(100 * np.ones((6, 5)))  # penalty 1.5e5
        assert data_loss(model, batch, outputs) == pytest.approx(before, abs=0.1)


def test_another_loss_is_another_loss():
    model, batch = one(), Batch(X, Y)
    outputs = predict(model, X)
    data_loss(model, batch, outputs)
    with remembering():
        before = data_loss(model, batch, outputs)
        logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", logits)
        assert data_loss(model, batch, outputs) != pytest.approx(before, rel=1e-2)


def test_the_users_own_loss_is_asked_every_time():
    asked = []

    def own(y, said):
        asked.append(1)
        return keras.losses.sparse_categorical_crossentropy(y, said)

    model = one(own)
    both(model, Batch(X, Y), predict(model, X))
    assert len(asked) == 3


def test_labels_that_do_not_fit_are_refused_in_keras_words():
    model, outputs = one("categorical_crossentropy"), np.ones((12, 3), "float32")
    data_loss(model, Batch(X, np.eye(3)[Y]), outputs)
    with remembering(), pytest.raises(LossUndefined, match="shape"):
        data_loss(model, Batch(X, np.eye(4)[Y]), outputs)


class Adding(layers.Layer):
    """Adds a loss in its own call."""

    def call(self, x):
        self.add_loss(3.0 * keras.ops.ones(()))
        return x


def test_outputs_are_called_where_a_layer_adds_the_loss():
    model = keras.Sequential([keras.Input((6,)), layers.Dense(3), Adding()])
    model.compile("adam")
    outputs = keras.ops.convert_to_numpy(outputs_of(model, X))
    assert [float(v) for v in model.losses] == [3.0]
    assert outputs == pytest.approx(predict(model, X), rel=1e-5)


def test_outputs_are_those_of_inference():
    model = one()
    assert keras.ops.convert_to_numpy(outputs_of(model, X)) == pytest.approx(predict(model, X))


def test_what_layers_added_in_a_compiled_call_is_no_part_of_it():
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(
                3, activation="softmax", activity_regularizer=keras.regularizers.L2(9.0)
            ),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, Y, verbose=0)
    outputs = predict(model, X)
    rows = -np.log(outputs[np.arange(12), Y])
    assert data_loss(model, Batch(X, Y), outputs) == pytest.approx(rows.mean(), rel=1e-4)
