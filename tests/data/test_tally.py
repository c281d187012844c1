"""All that is kept of a part, and how parts come together."""

import numpy as np
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch
from keras_recipe.data.tally import Tally, read_part

X = np.random.default_rng(0).standard_normal((90, 3))


def reader(start, stop, broken=""):
    def batches():
        for row in range(start, stop, 10):
            yield Batch(X[row : row + 10])
        if broken:
            raise InputError(broken)

    return batches


def test_parts_come_together():
    whole = Tally.empty(20, 0)
    for part, start in enumerate((0, 30, 60)):
        whole.merge(read_part(reader(start, start + 30), 20, 0, part))
    assert whole.statistics.rows == whole.contents.rows == 90
    assert len(whole.reservoir.sample) == 20
    assert whole.broken == ""
    np.testing.assert_allclose(whole.statistics.x[0].mean, X.mean(0))


def test_what_came_before_an_error_is_kept():
    found = read_part(reader(0, 40, "the file ends early"), 20, 0, 0)
    assert (found.statistics.rows, found.broken) == (40, "the file ends early")


def test_other_errors_are_not_hidden():
    def batches():
        yield Batch(X)
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        read_part(batches, 20, 0, 0)
