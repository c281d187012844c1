"""A suspicious scale is held against a program only where standardising is seen to help."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn import datasets
from specimens import SPARSE, classifier, compiled, diabetes, digits, examine

from keras_recipe.checks.data.kr109_input_scale import input_scale
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

ADAM = keras.optimizers.Adam


def wine():
    """Raw units: proline goes to 1680, hue to 1.7."""
    data = datasets.load_wine()
    order = np.random.default_rng(0).permutation(len(data.data))
    return data.data[order].astype("float32"), data.target[order].astype("int32")


def net(*first, shape=(13,), classes=3, rate=0.01, optimizer=ADAM):
    return compiled(
        *first,
        layers.Dense(16, activation="relu"),
        layers.Dense(classes, activation="softmax"),
        shape=shape,
        loss=SPARSE,
        optimizer=optimizer(rate),
        metrics=["accuracy"],
    )


def normalization(x):
    layer = keras.layers.Normalization()
    layer.adapt(x)
    return layer


def test_raw_units_that_stand_in_the_way_fail():
    x, y = wine()
    made = net(optimizer=keras.optimizers.SGD)
    result = examine(input_scale, made, x, y, epochs=20, batch_size=16)
    assert result.status is Status.FAIL
    assert result.measured > 700
    assert result.fix.tried["after"] > 0.6 > 0.3 > result.fix.tried["before"]
    assert result.where.startswith("dense")


def test_the_fix_makes_it_train():
    x, y = wine()
    made = net(optimizer=keras.optimizers.SGD)
    fixed = examine(input_scale, made, x, y, epochs=20, batch_size=16).fix.apply(made)
    fixed.fit(x, y, epochs=25, batch_size=16, verbose=0)
    assert fixed.evaluate(x, y, verbose=0, return_dict=True)["accuracy"] > 0.9
    assert examine(input_scale, fixed, x, y, epochs=20).status is Status.PASS


def test_a_tiny_scale_fails():
    x, y = digits()
    result = examine(input_scale, classifier(), x[:400] / 1000, y[:400], epochs=15)
    assert result.status is Status.FAIL


def test_scaled_twice_fails():
    x, y = (part[:400] for part in digits())
    made = classifier()
    twice = compiled(
        layers.Rescaling(1 / 127.5, -1),
        layers.Dense(32, activation="relu"),
        layers.Dense(10, activation="softmax"),
    )
    assert examine(input_scale, made, x, y, epochs=15).status is Status.PASS
    assert examine(input_scale, twice, x, y, epochs=15).status is Status.FAIL


UNIT = {
    "pixels": lambda: (classifier(), *digits()),
    "normalised inside": lambda: (net(normalization(wine()[0])), *wine()),
    "bytes": lambda: (
        compiled(layers.Rescaling(1 / 255), layers.Dense(10, activation="softmax")),
        (digits()[0] * 255).astype("uint8"),
        digits()[1],
    ),
    "one-hot": lambda: (
        net(shape=(400,)),
        np.eye(400, dtype="float32")[np.arange(800) % 400],
        np.arange(800) % 3,
    ),
    "standardised table": lambda: (
        compiled(layers.Dense(1), shape=(10,), loss="mse"),
        *diabetes(),
    ),
}


@pytest.mark.parametrize("kind", UNIT)
def test_unit_scale_passes_without_training(kind):
    model, x, y = UNIT[kind]()
    result = examine(input_scale, model, x, y, epochs=20)
    assert result.status is Status.PASS
    assert "contest" not in result.evidence


def test_a_suspected_scale_that_trains_as_well_passes():
    x, y = diabetes()  # standardised already: both trainings get the same numbers
    y = (y - y.mean()) / y.std()
    made = compiled(layers.Dense(1), shape=(10,), loss="mse", optimizer=ADAM(0.03))
    result = examine(input_scale, made, x, y, {"largest": 0.5}, epochs=20)
    assert result.status is Status.PASS
    assert result.evidence["contest"]["planned"] == 20 * 14


def test_a_scale_is_suspected_where_another_fault_hides_its_effect():
    x, y = wine()
    result = examine(input_scale, net(rate=0.0), x, y, epochs=3)
    assert result.status is Status.WARN


def test_without_labels_it_stays_a_suspicion():
    model = compiled(layers.Dense(13), shape=(13,), loss="mse")
    result = examine(input_scale, model, wine()[0], None)
    assert result.status is Status.WARN
    assert "no labels" in result.message


def test_the_thresholds_decide_what_is_suspected():
    x, y = digits()
    for largest, tried in ((7.0, False), (5.0, True)):
        settings = {"largest": largest, "most_steps": 20}
        result = examine(input_scale, classifier(), 16 * x[:200], y[:200], settings, epochs=2)
        assert ("contest" in result.evidence) is tried


@pytest.mark.parametrize("first", [layers.BatchNormalization, layers.LayerNormalization])
def test_models_that_normalise_have_no_scale(first):
    with pytest.raises(NotApplicable, match="normalised by the model"):
        examine(input_scale, net(first()), *wine())


def test_tokens_have_no_scale():
    model = compiled(
        layers.Embedding(900, 4), layers.Flatten(), layers.Dense(3), shape=(6,), loss="mse"
    )
    x = np.random.default_rng(0).integers(0, 900, (60, 6))
    with pytest.raises(NotApplicable, match="tokens"):
        examine(input_scale, model, x, np.zeros((60, 3)))
