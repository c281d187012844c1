"""The plain first model is described without building it, and the description is right."""

import random

import numpy as np
import pytest

from keras_recipe.starters import plain_first, starter


@pytest.mark.parametrize(
    ("task", "shape", "settings"),
    [
        ("regression", (13,), {}),
        ("binary", (20,), {"vocabulary": 100}),
        ("multiclass", (20,), {"vocabulary": 100, "structure": "token"}),
        ("counts", (50, 3), {}),
        ("binary", (2, 3), {}),
        ("binary", (None, 3), {}),
        ("multiclass", (50, 3), {"structure": "token"}),
        ("multiclass", (1, 1, 3), {}),
        ("multiclass", (8, 8, 1), {}),
        ("multiclass", (28, 28, 1), {}),
        ("multiclass", (None, None, 3), {}),
        ("multiclass", (3, 3, 3), {"structure": "pixel"}),
        ("multiclass", (30, 17, 3), {"structure": "pixel"}),
    ],
)
def test_the_weights_are_counted_as_keras_counts_them(task, shape, settings):
    outputs = 5 if task == "multiclass" else 1
    model = starter(task, shape, outputs=outputs, **settings)
    described = {key: value for key, value in settings.items() if key != "structure"}
    plain = plain_first(shape, settings.get("structure", "sample"), **described)
    assert plain.weights(outputs) == model.count_params()


def test_a_picture_for_each_pixel_keeps_its_size():
    assert starter("binary", (30, 17, 3), structure="pixel").output_shape == (None, 30, 17, 1)


def test_describing_draws_nothing():
    before = random.getstate(), np.random.get_state()[1].tolist()
    plain_first((28, 28, 1)).weights(10)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before
