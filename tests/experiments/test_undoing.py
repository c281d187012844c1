"""The one change that makes two splits look alike."""

import numpy as np
import pytest
from specimens import digits

from keras_recipe.data.batch import Batch
from keras_recipe.experiments.undoing import told_apart, undoing


def undone(change, x=None):
    x = digits(flat=False)[0][:700] if x is None else x
    x = x[np.random.default_rng(0).permutation(len(x))]
    cut = int(0.7 * len(x))
    mine, other = Batch(x[:cut]), Batch(change(x[cut:]))
    return undoing(mine, other, told_apart(mine.x, other.x, 0), 0)


@pytest.mark.parametrize(
    ("change", "code", "drift"),
    [
        (lambda x: x / 16, "16 * x_val", True),
        (lambda x: x.swapaxes(1, 2), "x_val.swapaxes(1, 2)", False),
        (lambda x: x[:, ::-1], "x_val[:, ::-1]", False),
    ],
)
def test_what_was_done_is_named(change, code, drift):
    found = undone(change)
    assert (found.code, found.drift) == (code, drift)
    assert found.after < found.before / 2


def test_channels_and_columns():
    random = np.random.default_rng(0)
    x = random.random((900, 6, 6, 3)) * [1.0, 0.6, 0.3]
    assert undone(lambda x: x[..., ::-1], x.astype("float32")).code == "x_val[..., ::-1]"
    table = random.standard_normal((900, 5)) + np.arange(0, 15, 3)
    assert undone(lambda x: x[:, ::-1], table).code == "x_val[:, [4, 3, 2, 1, 0]]"


def test_what_no_change_undoes():
    assert undone(lambda x: np.random.default_rng(1).random(x.shape)) is None


def test_alike_splits_are_told_apart_by_chance_only():
    x = digits()[0][np.random.default_rng(0).permutation(1797)]
    assert told_apart(x[:600], x[600:1200], 0).skill < 0.3
