"""Numbers of the compiled call against NumPy on what the layers gave."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.surgery.activity import activation_statistics


def test_the_numbers_are_those_of_the_outputs():
    kernel = np.array([[1.0, -1.0, 0.0, 8.0], [2.0, -3.0, 0.0, -8.0]], "float32")
    model = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(4, activation="relu", use_bias=False, name="relu"),
            layers.Dense(3, activation="sigmoid", name="sigmoid"),
        ]
    )
    model.layers[0].kernel.assign(kernel)
    model.layers[1].bias.assign([-20.0, 0.0, 20.0])
    model.layers[1].kernel.assign(np.zeros((4, 3)))
    x = np.array([[1.0, 1.0], [2.0, 0.5], [0.5, 3.0]], "float32")
    found = activation_statistics(model)(x)
    values = np.maximum(x @ kernel, 0)
    assert list(found) == ["relu", "sigmoid"]
    assert found["relu"]["mean"] == pytest.approx(values.mean(), rel=1e-5)
    assert found["relu"]["std"] == pytest.approx(values.std(), rel=1e-5)
    assert found["relu"]["zeros"] == pytest.approx((values == 0).mean())
    assert found["relu"]["dead"] == pytest.approx(0.5)  # the second and third unit
    assert "saturated" not in found["relu"]
    assert found["sigmoid"]["saturated"] == pytest.approx(2 / 3)


class Dictionary(keras.Model):
    """Subclassed: dict in, dict out, an inner model, attention and a recurrent layer."""

    def __init__(self):
        super().__init__()
        self.encoder = keras.Sequential([layers.Dense(4), layers.ReLU()], name="encoder")
        self.attention = layers.MultiHeadAttention(2, 4)
        self.recurrent = layers.Bidirectional(layers.GRU(3), name="recurrent")

    def call(self, inputs, training=False):
        h = self.encoder(inputs["x"])
        return {"y": self.recurrent(self.attention(h, h, training=training))}


def test_any_model_can_be_listened_to():
    model, x = Dictionary(), {"x": np.ones((5, 6, 2), "float32")}
    model(x)
    model.compile("sgd", "mse")
    before = [keras.ops.convert_to_numpy(v).copy() for v in model.variables]
    found = activation_statistics(model)(x)
    assert any(path.startswith("encoder/") for path in found)
    assert "recurrent" in found
    assert not any("cell" in path for path in found)
    assert all(0 <= numbers["zeros"] <= 1 for numbers in found.values())
    for value, variable in zip(before, model.variables, strict=True):
        assert np.array_equal(value, keras.ops.convert_to_numpy(variable))
    assert "call" not in vars(model.encoder)


def test_layers_can_be_chosen_and_rows_may_change():
    model = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(3, name="a"),
            layers.Dropout(0.5),
            layers.Dense(1, name="b"),
        ]
    )
    model.compile("sgd", "mse")
    measure = activation_statistics(model, layers=["b"])
    for rows in (2, 5):
        assert list(measure(np.ones((rows, 2), "float32"))) == ["b"]
