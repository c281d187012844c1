from types import SimpleNamespace

import numpy as np
import pytest

from keras_recipe.callbacks.keras_tags import named, numbers, place


@pytest.mark.parametrize(
    ("log", "run", "tag"),
    [
        ("loss", "train", "epoch_loss"),
        ("val_loss", "validation", "epoch_loss"),
        ("interval_val_loss", "train", "epoch_interval_val_loss"),
    ],
)
def test_place(log, run, tag):
    assert place(log) == (run, tag)


def test_only_single_numbers_are_scalars():
    logs = {
        "float": 0.5, "zero_rank": np.float32(2), "one": np.array([[3]]), "nan": float("nan"),
        "none": None, "text": "high", "vector": np.zeros(3), "empty": np.zeros(0),
    }  # fmt: skip
    found = dict(numbers(logs))
    np.testing.assert_equal(found, {"float": 0.5, "zero_rank": 2, "one": 3, "nan": np.nan})


def test_equal_paths_are_told_apart():
    weights = [SimpleNamespace(path=path) for path in ("a/w:0", "b", "b", "b")]
    found = list(named(weights))
    assert [path for path, _ in found] == ["a/w_0", "b", "b_1", "b_2"]
    assert [weight for _, weight in found] == weights
