"""Windows over one series are known in any order; rows that only look so are not."""

import numpy as np
import pytest

from keras_recipe.data.series import are_windows


def windows(series, width=12):
    return np.stack([series[i : i + width] for i in range(len(series) - width)])


def walk(rows=600):
    return np.random.default_rng(0).standard_normal(rows).cumsum()


@pytest.mark.parametrize(
    "x",
    [
        windows(walk()),
        windows(walk())[..., None].astype("float32"),
        windows(np.stack([walk(), np.sin(np.arange(600))], 1)),
        windows(np.sin(np.arange(600) * np.pi / 50)),
        windows((walk() * 10).astype(int)),
    ],
    ids=["walk", "steps", "channels", "sine", "whole numbers"],
)
def test_windows_are_known_in_any_order(x):
    mixed = np.random.default_rng(1).permutation(x)
    assert are_windows([x], len(x))
    assert are_windows([mixed], len(x))
    assert are_windows([mixed[:300]], len(x))


@pytest.mark.parametrize(
    "x",
    [
        np.random.default_rng(0).standard_normal((600, 12)),
        windows(walk())[::12],
        np.random.default_rng(0).integers(0, 2, (600, 5)).astype("float32"),
        np.repeat(np.arange(600.0)[:, None], 12, axis=1),
        np.zeros((600, 12)),
        np.zeros((0, 12)),
        windows(walk(), 2),
        np.array([["a", "b", "c"]] * 50),
    ],
    ids=["noise", "apart", "few states", "still", "zeros", "none", "two steps", "words"],
)
def test_other_rows_are_not(x):
    assert not are_windows([x], len(x))


def test_pictures_and_pairs_of_inputs_are_not():
    x = windows(walk())
    assert not are_windows([x, x], len(x))
    assert not are_windows([x.reshape(-1, 4, 3, 1)], len(x))
