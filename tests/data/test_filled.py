"""Gaps filled on the way, nothing else changed."""

import numpy as np

from keras_recipe.data.filled import filled
from keras_recipe.data.sources import open_source


def test_gaps_get_the_number_given_and_the_data_stay_as_they_are():
    x = {"a": np.array([[1.0, np.nan], [np.inf, 4.0]]), "b": np.array([1, 2])}
    source = open_source(x, np.array([0.0, np.nan]))
    batch = next(filled(source, [np.array([7.0, 8.0]), np.array(0.0)]).batches())
    np.testing.assert_array_equal(batch.x["a"], [[1, 8], [7, 4]])
    assert batch.x["b"] is not None
    assert batch.x["b"].tolist() == [1, 2]
    assert np.isnan(batch.y[1])
    assert np.isnan(x["a"][0, 1])
