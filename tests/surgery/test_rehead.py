import keras
import numpy as np
import pytest
from keras import layers as L
from specimens import SPARSE, classifier, compiled, digits

from keras_recipe.core.errors import NotApplicable
from keras_recipe.surgery.heads import find_heads
from keras_recipe.surgery.rehead import rehead, reheaded

SOFTMAX = {"units": 10, "activation": "softmax", "loss": SPARSE}


def arguments(model, index=0, **other):
    return {"index": index, "head": find_heads(model)[index], **SOFTMAX, **other}


def kernels(model):
    return [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]


def test_the_activation_is_changed_in_place_with_optimizer_and_metrics_kept():
    optimizer = keras.optimizers.SGD(0.3, momentum=0.9)
    model = classifier(head="sigmoid", optimizer=optimizer, metrics=["accuracy"])
    before = kernels(model)
    assert rehead(model, **arguments(model)) is None
    assert model.layers[-1].activation is keras.activations.softmax
    assert model.loss == SPARSE
    assert float(model.optimizer.learning_rate) == pytest.approx(0.3)
    assert model.optimizer.momentum == 0.9
    for one, two in zip(before, kernels(model), strict=True):
        np.testing.assert_array_equal(one, two)
    x, y = digits()
    assert "accuracy" in model.evaluate(x[:32], y[:32], verbose=0, return_dict=True)
    np.testing.assert_allclose(model.predict(x[:4], verbose=0).sum(1), 1.0, rtol=1e-5)


def test_another_size_gives_a_rebuilt_model_on_the_same_body():
    model = classifier(head=None, units=1, loss="mse")
    made = rehead(model, **arguments(model))
    assert made.output_shape == (None, 10)
    assert made.layers[-1].units == 10
    x, y = digits()
    made.fit(x[:64], y[:64], verbose=0)
    body = [keras.ops.convert_to_numpy(v) for v in model.layers[0].weights]
    for one, two in zip(body, made.layers[1].weights, strict=True):
        np.testing.assert_array_equal(one, keras.ops.convert_to_numpy(two))


def test_an_activation_layer_of_its_own_is_replaced_with_the_head():
    model = compiled(L.Dense(16, activation="relu"), L.Dense(10), L.Activation("relu"))
    kernel = keras.ops.convert_to_numpy(model.layers[1].kernel)
    made = rehead(model, **arguments(model))
    assert made.layers[-1].activation is keras.activations.softmax
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(made.layers[-1].kernel), kernel)


def test_for_a_while_the_model_itself_stays_as_it_is():
    model = classifier(head="relu")
    optimizer, activation = model.optimizer, model.layers[-1].activation
    before = kernels(model)
    x, y = digits()
    with reheaded(model, **arguments(model)) as other:
        other.fit(x[:64], y[:64], verbose=0)
        assert other is not model
        assert model.optimizer is optimizer
    assert model.layers[-1].activation is activation
    assert any(np.any(one != two) for one, two in zip(before, kernels(model), strict=True))


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = L.Dense(16, activation="relu"), L.Dense(10, activation="relu")

    def call(self, x):
        return self.out(self.hidden(x))


def test_a_subclassed_model_is_changed_in_place_but_not_rebuilt():
    model = Own()
    model.compile("adam", SPARSE)
    x, y = digits()
    model(x[:2])
    head = find_heads(model, x[:2])[0]
    with reheaded(model, 0, head, **SOFTMAX) as other:
        other.fit(x[:64], y[:64], verbose=0)
    assert model.out.activation is keras.activations.relu
    with pytest.raises(NotApplicable):
        rehead(model, 0, head, **{**SOFTMAX, "units": 12})
    assert rehead(model, 0, head, **SOFTMAX) is None
    model.fit(x[:64], y[:64], verbose=0)


def two_outputs(loss):
    inputs = keras.Input((64,))
    body = L.Dense(16, activation="relu")(inputs)
    outputs = {
        "digit": L.Dense(10, activation="relu", name="digit")(body),
        "size": L.Dense(1, name="size")(body),
    }
    model = keras.Model(inputs, outputs)
    model.compile("adam", loss)
    return model


def test_one_of_several_outputs_is_changed_and_the_other_loss_kept():
    model = two_outputs({"digit": SPARSE, "size": "mae"})
    made = rehead(model, **arguments(model))
    assert set(made.output) == {"digit", "size"}
    assert made.loss == {"digit": SPARSE, "size": "mae"}
    x, y = digits()
    made.fit(x[:64], {"digit": y[:64], "size": x[:64].mean(1)}, verbose=0)


def test_losses_that_cannot_be_told_apart_are_left():
    model = two_outputs({"digit": SPARSE, "size": "mae"})
    head = find_heads(model)[0]
    model.loss = [SPARSE, "mae"]
    with pytest.raises(NotApplicable, match="which loss"):
        rehead(model, 0, head, **SOFTMAX)
