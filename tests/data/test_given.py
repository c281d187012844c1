"""Arguments of `fit` as rows and back."""

import keras
import numpy as np
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.data.given import Given

X, Y = np.arange(20.0).reshape(10, 2), np.arange(10)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return X, Y


def test_nothing_is_lost_on_the_way():
    arguments = {"x": X, "y": Y, "epochs": 3, "sample_weight": np.ones(10)}
    back = Given.of({**arguments, "validation_data": (X, Y)}).arguments
    assert set(back) == {*arguments, "validation_data"}
    assert back["epochs"] == 3
    assert len(back["validation_data"]) == 2
    np.testing.assert_array_equal(back["y"], Y)


def test_a_validation_split_becomes_validation_data():
    back = Given.of({"x": X, "y": Y, "validation_split": 0.2}).arguments
    assert "validation_split" not in back
    np.testing.assert_array_equal(back["x"], X[:8])
    np.testing.assert_array_equal(back["validation_data"][1], Y[8:])


@pytest.mark.parametrize(
    "arguments", [{"x": Batches()}, {"x": X, "y": Y, "validation_data": Batches()}]
)
def test_a_dataset_has_to_be_changed_where_it_is_built(arguments):
    with pytest.raises(InputError, match="Received: PyDataset; make the same change"):
        Given.of(arguments)
