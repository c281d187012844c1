"""Rows that are there twice: as they are and turned."""

import numpy as np
import pytest

from keras_recipe.data.batch import Batch
from keras_recipe.data.contents import Contents
from keras_recipe.data.turned_copies import turned_copies


def pictures(rows=120, shape=(6, 6, 1)):
    random = np.random.default_rng(0)
    return random.random((rows, *shape)).astype("float32"), random.integers(0, 3, rows)


def found(x, y, sample=slice(None)):
    data, contents = Batch(x, y), Contents()
    contents.add(data)
    return turned_copies(data.take(sample), contents)


def together(x, turned, y, labels, seed=0):
    x, y = np.concatenate([x, turned]), np.concatenate([y, labels])
    order = (
        np.arange(len(x)) if seed is None else np.random.default_rng(seed).permutation(len(x))
    )
    return x[order], y[order]


TURNS = {
    "mirrored along axis 2": lambda x: x[:, :, ::-1],
    "mirrored along axes 1 and 2": lambda x: x[:, ::-1, ::-1],
    "turned by a quarter in axes 1 and 2": lambda x: np.rot90(x, axes=(1, 2)),
    "with axes 1 and 2 swapped": lambda x: np.swapaxes(x, 1, 2),
}


@pytest.mark.parametrize("name", TURNS)
def test_each_pair_is_found_once_with_its_turn(name):
    x, y = pictures()
    one = found(*together(x, TURNS[name](x), y, y, seed=None))
    assert len(one.rows) == len(x)
    assert name.split(" in ")[0].split()[0] in one.text
    kept = {row.tobytes() for row in one.rows.x}
    assert kept == {row.tobytes() for row in x}  # what is stored first is the plain one
    assert {row.tobytes() for row in one.turned} == {
        row.tobytes() for row in np.ascontiguousarray(TURNS[name](x))
    }


def test_a_sample_of_mixed_rows_is_enough():
    x, y = pictures(300)
    both, labels = together(x, x[:, :, ::-1], y, y)
    one = found(both, labels, slice(0, 200))
    assert 100 < len(one.rows) <= 200
    np.testing.assert_array_equal(one.rows.x[:, :, ::-1], one.turned)


def test_other_labels_few_copies_and_no_copies_are_none():
    x, y = pictures()
    assert found(*together(x, x[:, :, ::-1], y, (y + 1) % 3)) is None
    few = np.concatenate([x, x[:10, :, ::-1]])
    assert found(few, np.concatenate([y, y[:10]])) is None
    assert found(x, y) is None
    same = np.ones_like(x)  # each its own mirror image
    assert found(same, y) is None


def test_series_and_inputs_that_cannot_be_turned():
    x, y = pictures(shape=(10, 2))
    assert "axis 1" in found(*together(x, x[:, ::-1], y, y)).text
    assert found(*pictures(shape=(1,))) is None
    x, y = pictures()
    assert turned_copies(Batch((x, x), y), Contents()) is None
