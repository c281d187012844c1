"""Held-out rows as `fit` takes them."""

import numpy as np
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.data.sources import open_source
from keras_recipe.data.splits import cut_off, held_out

X = np.arange(20.0).reshape(10, 2)


def test_validation_rows_are_cut_off_the_end():
    mine, held = cut_off(open_source(X, X[:, 0]), 0.25)
    assert (mine.size, held.size) == (7, 3)  # Keras rounds the training rows down
    np.testing.assert_array_equal(held.whole.x, X[7:])


def test_without_a_share_nothing_is_cut_off():
    source = open_source(X)
    assert cut_off(source, 0.0) == (source, None)


@pytest.mark.parametrize("share", [1.5, True, "half", 0.999])
def test_a_share_that_cannot_be_is_refused(share):
    with pytest.raises(InputError, match="validation_split"):
        cut_off(open_source(X), share)


def test_rows_held_out_apart():
    assert held_out(None, "validation_data") is None
    assert held_out((X, X[:, 0]), "validation_data").size == 10
    with pytest.raises(InputError, match="`test_data` must be"):
        held_out((X,), "test_data")
