import keras
import numpy as np
import pytest
from keras import layers
from specimens import classifier

from keras_recipe.callbacks.hyperparameters import hyperparameters, learning_rates


def test_what_is_read_from_a_compiled_model():
    model = classifier(optimizer=keras.optimizers.AdamW(0.01, weight_decay=0.004))
    model.layers[0].trainable = False
    assert hyperparameters(model, {"epochs": 5, "steps": None}) == {
        "optimizer": "AdamW",
        "learning_rate": pytest.approx(0.01),
        "weight_decay": 0.004,
        "loss": "sparse_categorical_crossentropy",
        "epochs": 5,
        "parameters": 64 * 32 + 32 + 32 * 10 + 10,
        "trainable_parameters": 32 * 10 + 10,
        "dtype_policy": "float32",
        "backend": keras.backend.backend(),
    }


def test_a_schedule_gives_its_present_rate():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    model = classifier(optimizer=keras.optimizers.SGD(schedule))
    assert learning_rates(model) == {"learning_rate": pytest.approx(0.1)}
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(10)
    assert learning_rates(model) == {"learning_rate": pytest.approx(0.05)}


def test_loss_scaling_is_looked_through():
    inner = keras.optimizers.SGD(0.3)
    model = classifier(optimizer=keras.optimizers.LossScaleOptimizer(inner))
    found = hyperparameters(model, {})
    assert found["optimizer"] == "SGD"
    assert found["learning_rate"] == pytest.approx(0.3)


def test_a_model_without_an_optimizer():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    found = hyperparameters(model, {})
    assert found["parameters"] == 3
    assert not {"optimizer", "learning_rate", "loss"} & set(found)


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        ("mse", "mse"),
        (keras.losses.Huber(), "huber_loss"),
        (keras.losses.mean_squared_error, "mean_squared_error"),
        (lambda y, p: keras.ops.mean(np.float32(0) * p), "<lambda>"),
        (["mse"], "mse"),
    ],
)
def test_the_name_of_a_loss(loss, name):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", loss)
    assert hyperparameters(model, {})["loss"] == name


def test_the_names_of_several_losses():
    inputs = keras.Input((2,))
    heads = {"a": layers.Dense(1)(inputs), "b": layers.Dense(1)(inputs)}
    model = keras.Model(inputs, heads)
    model.compile("sgd", {"a": "mse", "b": keras.losses.Huber()})
    assert hyperparameters(model, {})["loss"] == "a: mse, b: huber_loss"
