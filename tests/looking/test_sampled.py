import keras
import numpy as np
import pytest

from keras_recipe.data.sources import open_source
from keras_recipe.looking.sampled import sampled


class Batches(keras.utils.PyDataset):
    """Rows whose only number is their place."""

    def __init__(self, rows, each=50):
        super().__init__()
        self.rows, self.each = rows, each

    def __len__(self):
        return -(-self.rows // self.each)

    def __getitem__(self, index):
        x = np.arange(
            index * self.each, min((index + 1) * self.each, self.rows), dtype="float64"
        )
        return x[:, None], x % 3


def both(rows=500):
    x = np.arange(rows, dtype="float64")
    return [open_source(x[:, None], x % 3), open_source(Batches(rows))]


@pytest.mark.parametrize("source", both(), ids=["arrays", "stream"])
def test_every_row_stands_where_it_says(source):
    found = sampled(source, 40, seed=1)
    assert (found.total, found.drawn, len(found.places)) == (500, 40, 40)
    np.testing.assert_array_equal(found.batch.x[:, 0], found.places)
    np.testing.assert_array_equal(found.batch.y, found.places % 3)
    assert "40 of 500 rows, drawn with seed 1" in found.note
    assert (np.diff(found.places) > 0).all()


@pytest.mark.parametrize("source", both(), ids=["arrays", "stream"])
def test_rows_that_are_asked_for_are_there(source):
    plain = sampled(source, 20, seed=0)
    found = sampled(source, 20, seed=0, asked=[3, 7, 499])
    assert set(found.places) == set(plain.places) | {3, 7, 499}
    assert found.drawn == 20
    assert "that the report names" in found.note
    np.testing.assert_array_equal(found.batch.x[:, 0], found.places)


def test_rows_of_another_shape_are_left_out_and_counted():
    class Padded(Batches):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return np.repeat(x, 1 + index % 2, axis=1), y

    found = sampled(open_source(Padded(200)), 300, seed=0, asked=[60])
    assert found.unlike == 100
    assert found.batch.x.shape == (100, 1)
    assert "100 rows of another shape are left out" in found.note
    np.testing.assert_array_equal(found.batch.x[:, 0], found.places)


def test_the_seed_decides():
    source = both()[1]
    assert sampled(source, 20, 0).places.tolist() == sampled(source, 20, 0).places.tolist()
    assert sampled(source, 20, 0).places.tolist() != sampled(source, 20, 1).places.tolist()


def test_all_rows_are_said_to_be_all():
    assert sampled(both(30)[0], 40, seed=0).note == "all 30 rows"
    assert sampled(both(30)[1], 40, seed=0).places.tolist() == list(range(30))


def test_copies_are_found_among_all_rows_not_the_sample_alone():
    x = np.arange(200.0)[:, None]
    x[150] = x[199] = x[4]
    found = sampled(open_source(x), 200, seed=0)
    groups, sizes = found.copies()
    assert groups[[4, 150, 199]].tolist() == [4, 4, 4]
    assert sizes[[4, 5]].tolist() == [3, 1]
    assert (groups == -1).sum() == 197
    few = sampled(open_source(x), 20, seed=0, asked=[150])
    groups, sizes = few.copies()
    row = few.places.tolist().index(150)
    assert (groups[row], sizes[row]) == (4, 3)
