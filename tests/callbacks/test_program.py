"""What a trace says of the model itself."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.callbacks import program


def model(**compile_arguments):
    made = keras.Sequential(
        [
            keras.Input((3,)),
            keras.Sequential([layers.Dense(2, name="inner")], name="block"),
            layers.Dense(1, name="head", kernel_regularizer=keras.regularizers.L2(0.5)),
        ]
    )
    made.compile(**{"optimizer": "sgd", "loss": "mse", **compile_arguments})
    return made


def test_paths_name_the_smallest_layer_and_are_unique():
    found = program.paths(model())
    assert found == ["block/inner/kernel", "block/inner/bias", "head/kernel", "head/bias"]


def test_a_fingerprint_sees_one_bit():
    made = model()
    before = program.fingerprints(program.by_path(made))
    assert program.fingerprints(program.by_path(made)) == before
    bias = made.get_layer("head").bias
    bias.assign(np.nextafter(keras.ops.convert_to_numpy(bias), np.float32(1)))
    after = program.fingerprints(program.by_path(made))
    assert [path for path in before if before[path] != after[path]] == ["head/bias"]


def test_nan_and_infinity_are_found():
    made = model()
    made.get_layer("head").bias.assign([np.inf])
    assert program.non_finite(program.by_path(made)) == ["head/bias"]


def test_the_penalty_is_the_regularizers():
    made = model()
    kernel = keras.ops.convert_to_numpy(made.get_layer("head").kernel)
    assert program.penalty(made) == pytest.approx(0.5 * float((kernel**2).sum()), rel=1e-5)


def test_the_highest_dropout_rate_is_seen():
    noisy = keras.Sequential(
        [keras.Input((3,)), layers.Dropout(0.1), layers.GaussianNoise(0.9), layers.Dropout(0.3)]
    )
    assert program.program_facts(noisy)["dropout"] == 0.3


def test_a_step_of_ones_own_and_a_silent_output_are_seen():
    class Own(keras.Model):
        def train_step(self, *args):
            raise NotImplementedError

    own = Own()
    own.compile("sgd", "mse")
    assert program.program_facts(own)["custom_step"]
    facts = {"custom_step": False, "silent_output": False, "dropout": 0.0}
    assert program.program_facts(model()) == facts
    x = keras.Input((2,))
    two = keras.Model(x, [layers.Dense(1, name="a")(x), layers.Dense(1, name="b")(x)])
    two.compile("sgd", loss=["mse", None])
    assert program.program_facts(two)["silent_output"]
    named = keras.Model(x, {"a": two.outputs[0], "b": two.outputs[1]})
    named.compile("sgd", loss={"a": "mse"})
    assert program.program_facts(named)["silent_output"]
    two.compile("sgd", loss="mse")
    assert not program.program_facts(two)["silent_output"]
