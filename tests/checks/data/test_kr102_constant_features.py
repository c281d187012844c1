"""Rows that differ, where the network can see it."""

import keras
import numpy as np
import pytest
from keras import layers
from specimens import cancer, classifier, compiled, diabetes, digits, examine

from keras_recipe.checks.data.kr102_constant_features import constant_features
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def table(x, y, **settings):
    model = compiled(
        layers.Dense(4), layers.Dense(1), shape=x.shape[1:], loss="mse", **settings
    )
    return examine(constant_features, model, x, y)


def images(x, y, *first, dtype="float32"):
    i = keras.Input(x.shape[1:], dtype=dtype)
    h = i
    for layer in (*first, layers.Conv2D(3, 3), layers.Flatten(), layers.Dense(10)):
        h = layer(h)
    model = keras.Model(i, h)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return examine(constant_features, model, x, y)


def bits(rows=400):
    """SO-31880720: the same bit 128 times."""
    y = np.random.default_rng(0).integers(0, 2, rows).astype("float32")
    return np.repeat(y[:, None], 128, 1), y


@pytest.mark.parametrize(
    ("x", "y"),
    [diabetes(), cancer(), bits(), (np.eye(40)[np.arange(200) % 40], np.ones(200))],
)
def test_healthy_tables_pass(x, y):
    assert table(x, y).status is Status.PASS


def test_blank_pixels_are_normal():
    result = examine(constant_features, classifier(), *digits())
    assert result.status is Status.PASS
    assert result.evidence["constant"] == 3
    assert images(*digits(flat=False)).status is Status.PASS


def test_tokens_with_a_constant_start_pass():
    x = np.random.default_rng(0).integers(3, 50, (200, 8))
    x[:, 0], x[:, -1] = 1, 2
    model = compiled(
        layers.Embedding(50, 4),
        layers.GlobalAveragePooling1D(),
        layers.Dense(1),
        shape=(8,),
        loss="mse",
    )
    assert examine(constant_features, model, x, x[:, 3]).status is Status.PASS


def test_a_whole_number_division_fails():
    x, y = digits()
    result = examine(constant_features, classifier(), (x * 15).astype("uint8") // 16, y)
    assert result.status is Status.FAIL
    assert "all 1797 rows of x are the same" in result.message


def test_the_same_picture_again_and_again_fails():
    x, y = digits(flat=False)
    assert images(np.repeat(x[:1], len(x), 0), y).status is Status.FAIL


def test_what_the_first_layer_cannot_see_fails():
    x, y = digits(flat=False)
    result = images(x, y, layers.Rescaling(0.0))
    assert result.status is Status.FAIL
    assert "gets the same for every row" in result.message
    assert "conv2d" in result.where


def test_differences_below_the_resolution_of_float32_fail():
    x = 100 + 1e-7 * np.random.default_rng(0).standard_normal((200, 6))
    assert table(x, np.arange(200.0)).status is Status.FAIL


@pytest.mark.parametrize(("same", "status"), [(0.97, Status.FAIL), (0.6, Status.WARN)])
def test_mostly_the_same_row_with_different_labels(same, status):
    random = np.random.default_rng(0)
    x = random.standard_normal((500, 12)).astype("float32")
    x[random.random(500) < same] = 0
    result = table(x, random.integers(0, 2, 500))
    assert result.status is status
    assert result.measured == pytest.approx(same, abs=0.1)


def test_mostly_the_same_row_because_nothing_happens_passes():
    random = np.random.default_rng(0)
    event = random.random(500) < 0.05
    x = random.standard_normal((500, 12)).astype("float32") * event[:, None]
    assert table(x, event.astype("float32")).status is Status.PASS


def test_a_handful_of_pictures_for_ten_classes_fails():
    x, y = digits(flat=False)
    result = images(x[np.random.default_rng(0).integers(0, 4, len(x))], y)
    assert result.status is Status.FAIL
    assert result.evidence["distinct"] == 4


def test_the_threshold_decides():
    random = np.random.default_rng(0)
    x = random.standard_normal((128, 12)).astype("float32")
    x[:100] = 0
    y = random.integers(0, 2, 128)
    model = compiled(layers.Dense(1), shape=(12,), loss="mse")
    for same_rows, status in ((100 / 128, Status.FAIL), (101 / 128, Status.WARN)):
        result = examine(constant_features, model, x, y, {"same_rows": same_rows})
        assert result.status is status


def two_inputs(second):
    x, y = diabetes()
    a, b = keras.Input((10,)), keras.Input(second.shape[1:], dtype=str(second.dtype))
    side = layers.Flatten()(b) if second.ndim > 2 else b
    side = layers.Rescaling(1.0)(side)
    model = keras.Model([a, b], layers.Dense(1)(layers.Concatenate()([a, side])))
    model.compile("adam", "mse")
    return examine(constant_features, model, [x, second], y)


@pytest.mark.parametrize(
    ("second", "status"),
    [
        (np.ones((442, 6), "int32"), Status.PASS),  # an attention mask, token types
        (np.zeros((442, 6), "float32"), Status.WARN),
        (np.zeros((442, 4, 4, 1), "float32"), Status.FAIL),  # pictures that were not decoded
    ],
)
def test_one_input_of_several_that_never_changes(second, status):
    result = two_inputs(second)
    assert result.status is status
    assert status is Status.PASS or "x[1]" in result.where


def test_single_columns():
    x, y = diabetes()
    x = np.concatenate([x, x[:, 2:3]], axis=1)
    x[:, 4] = 0.25
    result = table(x, y)
    assert result.status is Status.WARN
    assert result.evidence["constant"] == ["x[:, 4]"]
    assert result.evidence["copies"] == ["x[:, 10] = [:, 2]"]


def test_not_applicable_says_why():
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    x, y = diabetes()
    with pytest.raises(NotApplicable, match="fewer than two rows"):
        examine(constant_features, model, x[:1], y[:1])
