"""Uneven classes are named, weights that make it worse are a fault."""

import keras
import numpy as np
import pytest
from keras import layers
from specimens import classifier, compiled, diabetes, digits, examine, one_hot

from keras_recipe.checks.data.kr106_class_imbalance import class_imbalance
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def model(loss="binary_crossentropy", activation="sigmoid", units=1):
    return compiled(layers.Dense(units, activation=activation), shape=(3,), loss=loss)


def examined(counts, loss=None, thresholds=None, by_row=None, **settings):
    """Check a program with so many rows of each class."""
    y = np.repeat(np.arange(len(counts)), counts)
    x = np.random.default_rng(0).standard_normal((len(y), 3)).astype("float32")
    if by_row is not None:
        settings["sample_weight"] = np.asarray(by_row)[y]
    if len(counts) == 2:
        made = model(loss or "binary_crossentropy")
        y = y.astype("float32")
    else:
        made = model(loss or "sparse_categorical_crossentropy", "softmax", len(counts))
    return examine(class_imbalance, made, x, y, thresholds, **settings)


@pytest.mark.parametrize(
    "counts", [(500, 500), (900, 300), (100,) * 10, (100,) * 9 + (5,), (60, 50, 200, 90)]
)
def test_even_enough_classes_pass(counts):
    result = examined(counts)
    assert result.status is Status.PASS
    assert result.measured == pytest.approx(max(counts) / min(counts))


@pytest.mark.parametrize("counts", [(950, 50), (20, 980), (900, 40, 30), (500, 150, 50, 20, 5)])
def test_uneven_classes_warn(counts):
    result = examined(counts)
    assert result.status is Status.WARN
    assert result.pictures[0]["values"] == list(map(float, counts))
    assert f"class {np.argmin(counts)} has {min(counts)}" in result.message


@pytest.mark.parametrize(
    ("counts", "status"), [((1000, 100), Status.WARN), ((999, 100), Status.PASS)]
)
def test_the_threshold_decides(counts, status):
    assert examined(counts).status is status
    assert examined(counts, thresholds={"ratio": 20}).status is Status.PASS


@pytest.mark.parametrize(
    "settings",
    [
        {"class_weight": {0: 0.5, 1: 10.0}},
        {"by_row": (1.0, 19.0)},
        {"class_weight": {0: 1.0, 1: 2.0}},
        {"loss": "binary_focal_crossentropy"},
    ],
)
def test_what_is_made_up_for_passes(settings):
    assert examined((950, 50), **settings).status is Status.PASS


@pytest.mark.parametrize(
    ("counts", "weights"),
    [
        ((900, 100), (9.0, 1.0)),  # the frequencies themselves
        ((100, 900), (0.55, 5.0)),  # keys swapped
        ((600, 200, 100), (3.0, 1.0, 0.5)),
        ((300, 100), (2.0, 1.0)),
    ],
)
@pytest.mark.parametrize("way", ["class_weight", "by_row"])
def test_weights_the_wrong_way_round_fail(counts, weights, way):
    given = dict(enumerate(weights)) if way == "class_weight" else weights
    result = examined(counts, **{way: given})
    assert result.status is Status.FAIL
    assert result.measured >= 2
    assert "class_weight={" in result.fix.code


@pytest.mark.parametrize(
    ("counts", "weights"),
    [
        ((500, 480), (5.0, 1.0)),  # even classes: a matter of cost
        ((280, 100), (3.0, 1.0)),  # uneven less than three times
        ((900, 100), (1.9, 1.0)),  # not twice
        ((900, 100), (1.0, 1.0)),
        ((600, 200, 100), (1.0, 3.0, 0.5)),  # no order in it
    ],
)
def test_other_weights_are_the_users_business(counts, weights):
    assert examined(counts, class_weight=dict(enumerate(weights))).status is not Status.FAIL


def test_one_hot_labels():
    x, y = digits()
    keep = (y > 0) | (np.arange(len(y)) % 60 == 0)
    result = examine(
        class_imbalance, classifier(loss="categorical_crossentropy"), x[keep], one_hot(y[keep])
    )
    assert result.status is Status.PASS  # one rare class among ten
    assert result.measured > 10


def pixels(share):
    y = (np.random.default_rng(0).random((40, 8, 8, 1)) < share).astype("float32")
    made = compiled(
        layers.Conv2D(1, 1, activation="sigmoid"), shape=(8, 8, 1), loss="binary_crossentropy"
    )
    return examine(class_imbalance, made, y + 0.5, y)


def test_pixels_may_be_more_uneven():
    assert pixels(0.05).status is Status.PASS
    assert pixels(0.004).status is Status.WARN


def test_words_are_uneven_by_nature():
    y = np.minimum(np.random.default_rng(0).geometric(0.5, (60, 9)) - 1, 11)
    made = compiled(layers.Embedding(12, 4), layers.Dense(12, activation="softmax"), shape=(9,))
    assert examine(class_imbalance, made, y, y).status is Status.PASS


def test_the_fix_sets_the_bias_to_the_priors():
    y = np.repeat([0.0, 1.0], [950, 50]).astype("float32")
    x = np.random.default_rng(0).standard_normal((1000, 3)).astype("float32")
    made = model()
    result = examine(class_imbalance, made, x, y)
    result.fix.apply(made)
    bias = float(keras.ops.convert_to_numpy(made.layers[-1].bias)[0])
    assert bias == pytest.approx(np.log(0.05 / 0.95), abs=0.1)


def test_not_applicable_says_why():
    with pytest.raises(NotApplicable, match="no output has classes"):
        examine(
            class_imbalance, compiled(layers.Dense(1), shape=(10,), loss="mse"), *diabetes()
        )


def test_very_many_classes_are_not_counted():
    x, y = np.zeros((5000, 3), "float32"), np.arange(5000)
    made = model("sparse_categorical_crossentropy", "softmax", 5000)
    with pytest.raises(NotApplicable, match="more than 4096 classes"):
        examine(class_imbalance, made, x, y)
