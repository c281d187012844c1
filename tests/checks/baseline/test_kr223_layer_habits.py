import keras
import pytest
from healthy import BUILDERS
from keras import layers as L
from specimens import SPARSE, compiled, diabetes, digits, examine

from keras_recipe.checks.baseline.kr223_layer_habits import layer_habits
from keras_recipe.core.result import Status

FROM_LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


class DropsScores(keras.Model):
    def __init__(self):
        super().__init__()
        self.scores, self.drop = L.Dense(10), L.Dropout(0.4)

    def call(self, x, training=None):
        return keras.ops.softmax(self.drop(self.scores(x), training=training))


def dense(units=32, activation="relu"):
    return L.Dense(units, activation=activation)


def subclassed():
    model = DropsScores()
    model.compile("adam", SPARSE)
    return model


SICK = {
    "probabilities": lambda: compiled(dense(), dense(10, "softmax"), L.Dropout(0.3)),
    "logits": lambda: compiled(dense(), L.Dense(10), L.Dropout(0.3), loss=FROM_LOGITS),
    "before the softmax": lambda: compiled(dense(), L.Dense(10), L.Dropout(0.3), L.Softmax()),
    "subclassed": subclassed,
}


@pytest.mark.parametrize("kind", SICK)
def test_dropout_on_the_output_fails(kind):
    result = examine(layer_habits, SICK[kind](), *digits())
    assert result.status is Status.FAIL
    assert 0.1 < result.measured < 0.6
    assert "dropout" in result.where or "drop" in result.where


def test_dropout_on_an_amount_fails():
    model = compiled(dense(), L.Dense(1), L.Dropout(0.3), shape=(10,), loss="mse")
    assert examine(layer_habits, model, *diabetes()).status is Status.FAIL


@pytest.mark.parametrize(
    "name",
    ["two_heads_with_dropout", "group_norm_and_noise", "subclass_without_training", "counts"],
)
def test_healthy_programs_pass(name):
    model, x, y, settings = BUILDERS[name]()
    assert examine(layer_habits, model, x, y, **settings).status is Status.PASS


def test_heavy_dropout_under_a_relu_output_passes():
    model = compiled(dense(), L.Dropout(0.9), L.Dense(1, "relu"), shape=(10,), loss="mse")
    assert examine(layer_habits, model, *diabetes()).status is Status.PASS


def test_a_bare_convolution_warns_once():
    model = compiled(
        L.Conv2D(8, 3, name="bare"),
        L.MaxPooling2D(),
        L.Flatten(),
        dense(10, "softmax"),
        shape=(8, 8, 1),
    )
    result = examine(layer_habits, model, *digits(flat=False))
    assert result.status is Status.WARN
    assert result.where == "bare"


def test_habits_that_work_are_only_noted():
    model = compiled(
        L.Conv2D(8, 3, name="biased"),
        L.BatchNormalization(),
        L.ReLU(),
        L.Flatten(),
        L.Dropout(0.2, name="early"),
        L.BatchNormalization(),
        dense(10, "softmax"),
        shape=(8, 8, 1),
    )
    result = examine(layer_habits, model, *digits(flat=False))
    assert result.status is Status.PASS
    assert "biased" in result.message
    assert "early" in result.message


def test_the_threshold_decides():
    model = SICK["probabilities"]()
    x, y = digits()
    assert examine(layer_habits, model, x, y, {"dropped": 0.9}).status is Status.PASS


@pytest.mark.parametrize(
    ("stack", "status"),
    [
        ([L.Dense(1, name="one"), L.LayerNormalization()], Status.FAIL),
        ([L.Dense(4, name="four"), L.GroupNormalization(4)], Status.FAIL),
        ([L.Dense(4, name="four"), L.LayerNormalization()], Status.PASS),
        ([L.Dense(4, name="four"), L.GroupNormalization(2)], Status.PASS),
    ],
)
def test_a_normalisation_of_one_value_lets_nothing_through(stack, status):
    x, y = digits()
    model = compiled(*stack, L.Dense(10, activation="softmax"))
    result = examine(layer_habits, model, x, y)
    assert result.status is status
    if status is Status.FAIL:
        assert "one value at a time" in result.message


def test_beside_another_way_it_only_warns():
    x, y = digits()
    inputs = keras.Input((64,))
    lone = L.LayerNormalization()(L.Dense(1)(inputs))
    joined = L.Concatenate()([inputs, lone])
    model = keras.Model(inputs, L.Dense(10, activation="softmax")(joined))
    model.compile("adam", SPARSE)
    assert examine(layer_habits, model, x, y).status is Status.WARN
