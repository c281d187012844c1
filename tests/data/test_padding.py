import numpy as np

from keras_recipe.data.padding import padding


def test_right_left_and_other_values():
    x = np.array([[3, 4, 0, 0], [5, 0, 0, 0], [1, 2, 3, 4]])
    found = padding(x)
    assert (found.side, found.value, list(found.filled)) == ("right", 0, [2, 3, 0])
    assert found.share == 5 / 12
    np.testing.assert_array_equal(found.real[0], [True, True, False, False])
    left = padding(x[:, ::-1])
    assert left.side == "left"
    np.testing.assert_array_equal(left.real[0], [False, False, True, True])
    assert padding(np.where(x == 0, 9, x + 20)).value == 9


def test_series_are_filled_where_all_channels_are():
    x = np.random.default_rng(0).normal(size=(10, 6, 2))
    assert padding(x) is None
    for row in range(10):
        x[row, 1 + row % 5 :] = 0
    assert list(padding(x).filled) == [5, 4, 3, 2, 1] * 2


def test_a_row_of_filling_alone_and_full_rows():
    assert list(padding(np.array([[0, 0, 0], [1, 0, 0], [1, 2, 0]])).filled) == [3, 2, 1]
    assert padding(np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 5, 2]])) is None


def test_bits_are_not_filling():
    assert padding(np.random.default_rng(0).integers(0, 2, (100, 3, 1))) is None
    assert padding(np.random.default_rng(0).integers(0, 2, (100, 8))) is None
