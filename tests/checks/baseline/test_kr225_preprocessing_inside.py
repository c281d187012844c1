"""A pretrained part is asked what it was trained on: by its statistics, or by training."""

import keras
import numpy as np
import pytest
from healthy import ADAM, BUILDERS
from keras import layers as L
from specimens import SPARSE, digits, examine

from keras_recipe.checks.baseline.kr225_preprocessing_inside import preprocessing_inside
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

PATIENT = {"seconds": 120.0}


def parts():
    x, y = digits(flat=False)
    return (x[:500], y[:500]), (x[-400:], y[-400:])


def pretrained(prepare, *, norms=True, trainable=False):
    """A net on top of one that was trained on other rows, prepared so."""
    (x, y), _ = parts()
    stack = (
        [L.Conv2D(12, 3), L.BatchNormalization(momentum=0.9)] if norms else [L.Conv2D(12, 3)]
    )
    stack += [L.ReLU(), L.GlobalAveragePooling2D() if norms else L.Flatten()]
    base = keras.Sequential([keras.Input((8, 8, 1)), *stack, L.Dense(16, activation="relu")])
    model = keras.Sequential([base, L.Dense(10, activation="softmax")])
    model.compile(ADAM(3e-3), SPARSE)
    model.fit(prepare(x), y, epochs=6, verbose=0)
    base.trainable = trainable
    made = keras.Sequential([keras.Input((8, 8, 1)), base, L.Dense(10, activation="softmax")])
    made.compile(ADAM(3e-3), SPARSE)
    return made


def unit(x):
    return x


def pixels(x):
    return 255 * x


def signed(x):
    return 2 * x - 1


def judged(model, prepare, thresholds=None):
    _, (x, y) = parts()
    limits = {**PATIENT, **(thresholds or {})}
    return examine(preprocessing_inside, model, prepare(x), y, limits, epochs=6)


@pytest.mark.parametrize(("trained", "fed"), [(unit, pixels), (pixels, unit), (signed, unit)])
def test_statistics_that_fit_another_preprocessing_fail(trained, fed):
    result = judged(pretrained(trained), fed)
    assert result.status is Status.FAIL
    assert result.fix.tried["after"] < 0.2 < 0.8 < result.fix.tried["before"]


@pytest.mark.parametrize("prepare", [unit, pixels, signed])
@pytest.mark.parametrize("trainable", [True, False])
def test_statistics_that_fit_pass(prepare, trainable):
    result = judged(pretrained(prepare, trainable=trainable), prepare)
    assert result.status is Status.PASS
    assert result.measured < 0.3


def test_the_threshold_decides():
    model = pretrained(signed)
    assert judged(model, unit, {"far": 50.0}).status is Status.PASS
    assert judged(model, unit, {"near": 1e-6}).status is Status.WARN


def test_frozen_features_without_statistics_pass_on_their_own_inputs():
    assert judged(pretrained(unit, norms=False), unit).status is Status.PASS


@pytest.mark.parametrize("name", ["frozen_pretrained_backbone"])
def test_healthy_programs_pass(name):
    model, x, y, settings = BUILDERS[name]()
    result = examine(preprocessing_inside, model, x, y, PATIENT, **settings)
    assert result.status is Status.PASS


@pytest.mark.parametrize("name", ["batch_norm_images", "logits", "masked_tokens"])
def test_without_a_pretrained_part_it_says_so(name):
    model, x, y, settings = BUILDERS[name]()
    with pytest.raises(NotApplicable, match="pretrained"):
        examine(preprocessing_inside, model, x, y, **settings)


def test_a_backbone_of_keras_without_weights_passes_and_is_named():
    base = keras.applications.MobileNetV2(
        input_shape=(32, 32, 3), weights=None, include_top=False, alpha=0.35, pooling="avg"
    )
    inputs = keras.Input((32, 32, 3))
    model = keras.Model(inputs, L.Dense(2, activation="softmax")(base(inputs)))
    model.compile("adam", SPARSE)
    x = np.random.default_rng(0).random((32, 32, 32, 3)).astype("float32")
    result = examine(preprocessing_inside, model, x, np.arange(32) % 2)
    assert result.status is Status.PASS
    assert "-1 to 1" in result.message
