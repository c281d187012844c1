"""Labels and weights that do not fit an output are one sentence."""

import numpy as np
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.surgery.targets import make_targets

ROWS = 200


CLASSES = np.repeat([0, 1, 2], [120, 60, 20])
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]

WRONG = {
    "whole numbers": np.array([0.5, 1.0]),
    "from 1 to 3": CLASSES + 1,
    "from -1": np.array([-1, 0]),
    "must be numbers": np.array(["a", "b"]),
    "not one array": [[1], [1, 2]],
    "empty": np.zeros((0, 3)),
    "NaN": ONE_HOT * np.nan,
    "do not fit": np.zeros((ROWS, 7)),
}


@pytest.mark.parametrize("text", WRONG)
def test_labels_that_do_not_fit(text):
    with pytest.raises(InputError, match=text):
        make_targets("out", WRONG[text], (3,))


@pytest.mark.parametrize(
    "weights",
    [
        {"sample_weight": np.ones(3)},
        {"sample_weight": -np.ones(ROWS)},
        {"sample_weight": np.zeros(ROWS)},
        {"sample_weight": np.full(ROWS, np.nan)},
        {"class_weight": {0: 0.0, 1: 0.0, 2: 0.0}},
        {"class_weight": {0: 1.0}, "sample_weight": np.ones(ROWS)},
    ],
)
def test_weights_that_do_not_fit(weights):
    with pytest.raises(InputError):
        make_targets("out", CLASSES, (3,), **weights)
