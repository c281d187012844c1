"""What is known of outputs before the model is called."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.data.batch import Batch
from keras_recipe.outputs import output_bytes

ROWS = Batch(np.zeros((2, 12, 3), "float32"))


def several():
    x = keras.Input((12, 3))
    return keras.Model(x, {"a": layers.Dense(5)(x), "b": layers.Flatten()(x)})


class Own(keras.Model):
    pass


@pytest.mark.parametrize(
    ("model", "found"),
    [
        (lambda: keras.Sequential([keras.Input((None, 3)), layers.Dense(1000)]), 4 * 12_000),
        (several, 4 * (60 + 36)),
        (Own, 0),
        (lambda: keras.Sequential([layers.Dense(7)]), 0),
        (lambda: None, 0),
    ],
    ids=["open axis", "several", "own call", "not built", "no model"],
)
def test_a_row_of_the_outputs_has_this_many_bytes(model, found):
    assert output_bytes(model(), ROWS) == found
