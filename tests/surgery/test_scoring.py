"""Labels, weights and losses reach the output they belong to."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_recipe.core.errors import InputError
from keras_recipe.surgery.constants import best_constant
from keras_recipe.surgery.initialize import initialize_output_bias

ROWS = 200


SPARSE = "sparse_categorical_crossentropy"


CLASSES = np.repeat([0, 1, 2], [120, 60, 20])
PRIORS = np.array([0.6, 0.3, 0.1])
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]


VALUES = np.random.default_rng(0).gamma(2.0, 20.0, size=(ROWS, 2)).astype("float32")


@pytest.mark.parametrize("form", ["dict", "list"])
def test_several_heads(form):
    inputs = keras.Input((5,))
    outputs = {
        "z": layers.Dense(3, activation="softmax", name="z")(inputs),
        "b": layers.Dense(1, name="b")(inputs),
    }
    targets = {"z": CLASSES, "b": VALUES[:, :1]}
    by_list = form == "list"
    model = keras.Model(inputs, list(outputs.values()) if by_list else outputs)
    model.compile(
        "sgd",
        [SPARSE, "mse"] if by_list else {"z": SPARSE, "b": "mse"},
        loss_weights=[2.0, 0.5] if by_list else {"z": 2.0, "b": 0.5},
    )
    y = list(targets.values()) if by_list else targets
    initialize_output_bias(model, y)
    bias = {name: keras.ops.convert_to_numpy(model.get_layer(name).bias) for name in outputs}
    np.testing.assert_allclose(bias["z"], np.log(PRIORS), rtol=1e-4)
    np.testing.assert_allclose(bias["b"], VALUES[:, :1].mean(0), rtol=1e-4)
    for name in outputs:
        kernel = model.get_layer(name).kernel
        kernel.assign(np.zeros(kernel.shape))
    x = np.zeros((ROWS, 5), "float32")
    loss = model.evaluate(x, y, verbose=0, batch_size=ROWS, return_dict=True)["loss"]
    assert loss == pytest.approx(best_constant(model, y).loss, rel=1e-4)


def test_an_overridden_compute_loss_is_used():
    class Mine(keras.Model):
        def __init__(self):
            super().__init__()
            self.head = layers.Dense(1)

        def call(self, inputs):
            return self.head(inputs)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return ops.mean((y_pred - 2 * y) ** 2)

    model = Mine()
    model(np.ones((2, 5), "float32"))
    model.compile("sgd", "mse")
    initialize_output_bias(model, VALUES[:, :1])
    bias = float(ops.convert_to_numpy(model.head.bias)[0])
    assert bias == pytest.approx(2 * VALUES[:, 0].mean(), rel=1e-3)


def two_heads(loss):
    inputs = keras.Input((5,))
    outputs = [layers.Dense(1, name="a")(inputs), layers.Dense(1, name="b")(inputs)]
    model = keras.Model(inputs, outputs)
    model.compile("sgd", loss)
    return model


def test_an_output_without_a_loss_is_left_alone():
    model = two_heads({"a": None, "b": "mse"})
    initialize_output_bias(model, {"a": VALUES[:, 0], "b": VALUES[:, 1]})
    bias = [float(ops.convert_to_numpy(model.get_layer(name).bias)[0]) for name in "ab"]
    assert bias == pytest.approx([0.0, VALUES[:, 1].mean()], rel=1e-5)


@pytest.mark.parametrize("form", ["array", "dict", "list"])
def test_sample_weights_for_all_outputs_or_each(form):
    weight = np.arange(ROWS, dtype="float32")
    given = {"array": weight, "dict": {"a": weight, "b": weight}, "list": [weight, weight]}
    y = [VALUES[:, 0], VALUES[:, 1]]
    best = best_constant(two_heads("mse"), y, sample_weight=given[form])
    for index, constant in enumerate(best.outputs):
        mean = np.average(VALUES[:, index], weights=weight)
        assert constant.values[0] == pytest.approx(mean, rel=1e-5)


@pytest.mark.parametrize(
    ("y", "arguments", "text"),
    [
        (VALUES[:, :1], {}, "one array for each"),
        ({"a": VALUES[:, 0]}, {}, "a key for each output"),
        ([VALUES[:, 0], VALUES[:, 1]], {"class_weight": {0: 1.0}}, "one output"),
    ],
)
def test_labels_that_do_not_match_the_outputs(y, arguments, text):
    with pytest.raises(InputError, match=text):
        best_constant(two_heads("mse"), y, **arguments)


def test_a_model_without_a_loss():
    with pytest.raises(InputError, match="no loss"):
        best_constant(keras.Sequential([keras.Input((5,)), layers.Dense(1)]), VALUES[:, 0])
