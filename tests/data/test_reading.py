"""One pass tells everything, whatever the data come as."""

import keras
import numpy as np

from keras_recipe.data.batch import Batch
from keras_recipe.data.contents import copies
from keras_recipe.data.reading import LEAST_ROWS, SAMPLE_ROWS, read, sample_rows
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


def test_a_sample_fits_in_memory_with_what_a_model_says_of_it():
    small, large = Batch(X[:1]), Batch(np.zeros((1, 10**6), "float32"))
    assert sample_rows(small) == sample_rows(small, 4 * 1000) == SAMPLE_ROWS
    assert sample_rows(small, 4 * 10**6) == 67  # 256 MiB
    assert sample_rows(large, 4) == LEAST_ROWS  # would be 16
    assert sample_rows(small, 10**9) == LEAST_ROWS
    assert len(read(open_source(X, Y), 0, outputs=4 * 10**6).sample) == 67
