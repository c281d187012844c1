"""Filters of digits show strokes; of digits whose pixels were shuffled they show noise."""

import json

import keras
import numpy as np
import pytest
from keras import layers as L
from sklearn import datasets
from traces import trace

from keras_recipe.callbacks.monitor import RecipeMonitor
from keras_recipe.callbacks.trace import Trace
from keras_recipe.checks.regularize.kr412_first_layer_weights import first_layer_weights
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status
from keras_recipe.reports import pictures

FIRST = {
    "path": "conv", "shape": [4, 5, 5, 1], "moved": 0.5, "smooth": 0.0, "smooth_beyond": 0.3,
    "change_smooth": 0.1, "change_beyond": 0.8, "pictures": np.zeros((4, 5, 5)).tolist(),
}  # fmt: skip


def judged(**fields):
    return first_layer_weights(trace(0.5, 0.2, 0.1, first_layer={**FIRST, **fields}))


IN_ORDER, SHUFFLED = np.arange(64), np.random.default_rng(1).permutation(64)


def trained(order, first, rate):
    data = datasets.load_digits()
    x = (data.images.reshape(-1, 64) / 16).astype("float32")[:600, order].reshape(-1, 8, 8, 1)
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), *first, L.Flatten(), L.Dense(10, "softmax")]
    )
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    monitor = RecipeMonitor(constant_loss=2.3)
    model.fit(x, data.target[:600], epochs=5, verbose=0, callbacks=[monitor])
    return monitor.trace


def dense(order):
    return trained(order, (L.Flatten(), L.Dense(32, "relu")), 0.01)


def convolution(order):
    first = (L.Conv2D(16, 5, padding="same", activation="relu"), L.MaxPooling2D(2))
    return trained(order, first, 0.003)


def test_strokes_pass_and_are_drawn_and_shuffled_pixels_warn():
    result = first_layer_weights(dense(IN_ORDER))
    assert result.status is Status.PASS
    assert result.measured > 2
    assert pictures.render(result.pictures[0])[:4] == b"\x89PNG"
    json.dumps(result.to_dict())
    shuffled = dense(SHUFFLED)
    assert first_layer_weights(shuffled).status is Status.WARN
    assert Trace.from_dict(json.loads(json.dumps(shuffled.to_dict()))) == shuffled


def test_filters_of_a_convolution_are_judged():
    strokes, noise = (first_layer_weights(convolution(o)) for o in (IN_ORDER, SHUFFLED))
    assert strokes.status is Status.PASS
    assert strokes.measured > 4
    assert noise.status is Status.WARN
    assert noise.evidence["shape"] == [16, 5, 5, 1]


def test_noise_warns_where_the_net_learned():
    result = judged()
    assert result.status is Status.WARN
    assert "look like noise, though 90% of the loss is gone" in result.message


@pytest.mark.parametrize(
    "fields",
    [
        {"smooth_beyond": 4.0},
        {"change_beyond": 4.0},
        {"moved": 0.01},
        {"shape": [4, 3, 3, 1]},
    ],
)
def test_structure_or_too_little_to_tell_passes(fields):
    assert judged(**fields).status is Status.PASS


def test_a_net_that_learned_nothing_is_another_checks_affair():
    found = first_layer_weights(trace(1.0, 1.0, 1.0, first_layer=FIRST))
    assert found.status is Status.PASS


def test_without_images_it_is_skipped():
    with pytest.raises(NotApplicable, match="no first layer on images"):
        first_layer_weights(trace(1.0, 0.5))
