"""Augmented rows that are rows of another class, and rows that only look strange."""

import numpy as np
import pytest
from specimens import digits
from zoo.material import stripes

from keras_recipe.experiments.kept_labels import confusions


def half(x, turned, seed=0):
    chosen = np.random.default_rng(seed).random(len(x)) < 0.5
    return np.where(chosen.reshape(-1, *[1] * (x.ndim - 1)), turned, x)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_mirrored_diagonal_is_the_other_one(seed):
    x, y, _ = stripes(seed)
    found = confusions(x, half(x, x[:, :, ::-1]), y, seed, strength=0.3)
    assert {(one.own, one.other) for one in found} == {(1, 3), (3, 1)}
    assert all(one.plain < 0.1 < 0.3 < one.share for one in found)
    assert all(one.apart < 3 < 5 < one.before for one in found)


def test_what_keeps_its_label_is_not_confused():
    x, y, _ = stripes(0)
    assert confusions(x, half(x, x[:, ::-1, ::-1]), y, 0, strength=0.3) == []


@pytest.mark.parametrize("name", ["mirrored", "moved", "noisy"])
def test_what_only_looks_strange_is_told_apart(name):
    x, y = (part[:500] for part in digits(flat=False))
    random = np.random.default_rng(0)
    changed = {
        "mirrored": x[:, :, ::-1],
        "moved": np.roll(x, 2, axis=2),
        "noisy": x + 0.5 * random.standard_normal(x.shape).astype("float32"),
    }[name]
    assert confusions(x, changed, y, 0, strength=0.3) == []


def test_nothing_is_said_of_labels_that_a_simple_model_does_not_tell():
    x, y, _ = stripes(0)
    y = np.random.default_rng(0).permutation(y)
    assert confusions(x, half(x, x[:, :, ::-1]), y, 0, strength=0.3) == []
