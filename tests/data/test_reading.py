"""One pass tells everything, whatever the data come as."""

import keras
import numpy as np

from keras_recipe.data.contents import copies
from keras_recipe.data.reading import SAMPLE_ROWS, read
from keras_recipe.data.sources import open_source

X = np.random.default_rng(0).standard_normal((3000, 4)).astype("float32")
Y = np.arange(3000) % 5


class Stream(keras.utils.PyDataset):
    def __len__(self):
        return 30

    def __getitem__(self, index):
        rows = slice(100 * index, 100 * index + 100)
        return X[rows], Y[rows]


def test_arrays_and_streams_tell_the_same():
    whole, stream = read(open_source(X, Y), 0), read(open_source(Stream()), 0)
    assert whole.statistics.rows == stream.statistics.rows == 3000
    assert len(whole.sample) == len(stream.sample) == SAMPLE_ROWS
    assert copies(whole.contents, stream.contents).share == 1
    assert whole.order.labels == stream.order.labels
    assert (whole.order.streamed, stream.order.streamed) == (False, True)
