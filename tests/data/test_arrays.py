"""One array or a structure of them, and what is refused."""

import keras
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from keras_recipe.core.errors import InputError
from keras_recipe.data import arrays
from keras_recipe.data.arrays import rows_of, structure, to_array
from keras_recipe.data.batch import Batch

NUMBERS = [[1.0, 2.0], [3.0, 4.0]]
GOOD = {
    "numpy": np.array(NUMBERS),
    "float16": np.array(NUMBERS, "float16"),
    "lists": NUMBERS,
    "tensor": keras.ops.convert_to_tensor(NUMBERS),
    "frame": pd.DataFrame(NUMBERS),
    "objects": np.array(NUMBERS, dtype=object),
    "sparse": sparse.csr_matrix(np.array(NUMBERS)),
}


@pytest.mark.parametrize("kind", GOOD)
def test_every_kind_of_array_becomes_numpy(kind):
    array = to_array(GOOD[kind], "x")
    assert isinstance(array, np.ndarray)
    np.testing.assert_array_equal(np.asarray(array, "float64"), NUMBERS)


def test_numpy_is_not_copied():
    x = np.ones((3, 2), "uint8")
    assert to_array(x, "x") is x


def test_a_series_is_one_column_as_in_keras():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Identity()])
    series = pd.Series([1.0, 2.0, 3.0])
    assert to_array(series, "x").shape == model.predict(series, verbose=0).shape == (3, 1)


def test_text_stays_text():
    assert to_array(np.array(["a", "bc"], dtype=object), "x").dtype.kind == "U"
    assert to_array(np.array(["a", "bc"]), "x").dtype.kind == "U"


REFUSED = {
    "a number": (3.0, "dense array"),
    "a word": ("word", "dense array"),
    "a dict": ({"a": 1}, "dense array"),
    "no array": (object(), "Received: object"),
    "one element": (np.float32(3), "dense array|one row per sample"),
    "zero axes": (np.array(3.0), "one row per sample"),
    "ragged": ([[1, 2], [3]], "ragged"),
    "ragged objects": (np.array([[1, 2], [3]], dtype=object), r"Python objects \(list\)"),
    "mixed frame": (pd.DataFrame({"a": [1.0], "b": ["red"]}), r"Python objects \(float, str\)"),
    "objects": (np.array([object()]), "Python objects"),
    "dates": (np.array(["2020-01-01"], "datetime64[D]"), "datetime64"),
    "complex": (np.ones(3, "complex64"), "complex64"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_in_one_sentence(kind):
    value, said = REFUSED[kind]
    with pytest.raises(InputError, match=said) as error:
        to_array(value, "x")
    assert "`x`" in str(error.value)
    assert len(str(error.value)) < 250


def test_a_large_sparse_matrix_is_refused(monkeypatch):
    monkeypatch.setattr(arrays, "MOST_DENSE", 3)
    with pytest.raises(InputError, match="sparse matrix"):
        to_array(GOOD["sparse"], "x")


def test_structures_keep_their_form():
    one, two = np.zeros((4, 2)), np.ones((4, 3))
    assert structure(None, "y") is None
    made = structure({"b": one, "a": [one, (two, two)]}, "x")
    assert list(made) == ["b", "a"]
    assert isinstance(made["a"], list)
    assert isinstance(made["a"][1], tuple)
    assert structure([[1, 2], [3, 4]], "x").shape == (2, 2)


def test_a_bad_leaf_is_named():
    with pytest.raises(InputError, match=r"x\['a'\]\[1\]"):
        structure({"a": [np.zeros(3), "word"]}, "x")


def test_rows_are_counted():
    assert rows_of(Batch([np.zeros((5, 2)), np.zeros(5)], np.zeros(5))) == 5


UNEQUAL = {
    "y": (Batch(np.zeros((4, 2)), np.zeros(3)), "x has 4, y has 3"),
    "weights": (Batch(np.zeros(4), np.zeros(4), np.zeros(2)), "sample_weight has 2"),
    "named": (Batch({"a": np.zeros(4), "b": np.zeros(3)}), r"x\['a'\] has 4, x\['b'\] has 3"),
    "samples": (Batch([np.zeros(4), np.zeros(3)]), "np.stack"),
    "empty": (Batch(np.zeros((0, 3)), np.zeros(0)), "no data: x, y has 0 rows"),
    "empty batch": (Batch(np.zeros((0, 3))), "x of the loader has 0 rows"),
    "words": (Batch(np.zeros(2), np.array(["cat", "dog"])), "strings .such as 'cat'"),
}


@pytest.mark.parametrize("kind", UNEQUAL)
def test_what_does_not_fit_together_is_refused(kind):
    batch, said = UNEQUAL[kind]
    with pytest.raises(InputError, match=said):
        rows_of(batch, "the loader" if kind == "empty batch" else "")
