"""Statistics of one array against NumPy's own."""

import numpy as np
import pytest

from keras_recipe.data.leaf import MOST_INDICES, Leaf


def measured(array, pieces=3, shape=None):
    leaf = Leaf("x", array.shape[1:] if shape is None else shape, array.dtype, array.ndim - 1)
    for part in np.array_split(array, pieces):
        leaf.add(part, np.random.default_rng(0).standard_normal(len(part)))
    return leaf


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float16", "float32", "float64", "bool"])
@pytest.mark.parametrize("shape", [(), (3,), (4, 2)])
def test_moments_are_numpys(dtype, shape):
    array = np.random.default_rng(0).uniform(0, 9, (50, *shape)).astype(dtype)
    leaf, exact = measured(array), array.astype("float64")
    np.testing.assert_allclose(leaf.mean, exact.mean(0))
    np.testing.assert_allclose(leaf.std, exact.std(0), atol=1e-12)
    np.testing.assert_array_equal(leaf.low.reshape(shape), exact.min(0))
    np.testing.assert_array_equal(leaf.high.reshape(shape), exact.max(0))
    assert leaf.mean.shape == leaf.std.shape == leaf.constant.shape == shape
    np.testing.assert_allclose(
        leaf.overall, [exact.mean(), exact.std(), exact.min(), exact.max()]
    )
    assert leaf.rows == 50
    assert leaf.numeric
    assert not leaf.folded


def test_a_small_spread_far_from_zero_is_kept():
    array = 1e9 + np.random.default_rng(0).standard_normal((200, 1))
    assert measured(array).std[0] == pytest.approx(array.std(), rel=1e-6)


def test_constant_columns_have_no_spread_at_all():
    array = np.tile([0.1, 1e8, 3.0], (999, 1))
    array[5, 2] = 4
    leaf = measured(array)
    assert leaf.constant.tolist() == [True, True, False]
    assert leaf.std[:2].tolist() == [0, 0]


def test_bad_values_are_counted_and_left_out():
    array = np.arange(24.0).reshape(12, 2)
    array[3, 0], array[7, 1], array[8] = np.nan, np.inf, -np.inf
    leaf = measured(array)
    assert leaf.bad_rows == 3
    assert leaf.bad_indices == [3, 7, 8]
    np.testing.assert_array_equal(leaf.count, [10, 10])
    kept = np.where(np.isfinite(array), array, np.nan)
    np.testing.assert_allclose(leaf.mean, np.nanmean(kept, 0))
    np.testing.assert_allclose(leaf.std, np.nanstd(kept, 0))
    np.testing.assert_array_equal(leaf.high, np.nanmax(kept, 0))


def test_only_the_first_bad_rows_are_named():
    leaf = measured(np.full((90, 2), np.nan), pieces=4)
    assert leaf.bad_rows == 90
    assert leaf.bad_indices == list(range(MOST_INDICES))
    assert leaf.overall[:2] == (0, 0)


def test_equal_columns_have_equal_signatures():
    array = np.random.default_rng(0).standard_normal((500, 5))
    array[:, 3] = array[:, 1]
    signature = measured(array).signature
    assert np.isclose(signature[1], signature[3], rtol=1e-12)
    assert len(np.unique(np.round(signature, 6))) == 4


@pytest.mark.parametrize(
    ("first", "second", "shape"), [((4, 2), (7, 2), (2,)), ((4,), (7,), ())]
)
def test_rows_of_many_shapes_are_put_together(first, second, shape):
    random = np.random.default_rng(0)
    one, two = random.normal(5, 2, (30, *first)), random.normal(-1, 3, (20, *second))
    leaf = Leaf("x", first, one.dtype)
    for array in (one, two, one[:7]):
        leaf.add(array, np.ones(len(array)))
    exact = np.concatenate([a.reshape(-1, *shape) for a in (one, two, one[:7])])
    assert leaf.shape == shape
    assert leaf.folded
    assert leaf.rows == 57
    np.testing.assert_allclose(leaf.mean, exact.mean(0))
    np.testing.assert_allclose(leaf.std, exact.std(0))
    np.testing.assert_array_equal(leaf.low.reshape(shape), exact.min(0))
    assert leaf.signature is None


def test_a_row_may_be_kept_by_channel_from_the_start():
    array = np.random.default_rng(0).random((10, 6, 5, 3))
    leaf = measured(array, shape=(3,))
    assert leaf.folded
    np.testing.assert_allclose(leaf.mean, array.mean((0, 1, 2)))
    array[4, 0, 0, 0] = np.nan
    assert measured(array, shape=(3,)).bad_indices == [4]


def test_before_any_row():
    leaf = Leaf("x", (2,), np.dtype("float32"))
    assert leaf.mean.tolist() == [0, 0]
    assert leaf.overall == (0, 0, np.inf, -np.inf)
    assert not Leaf("x", (), np.dtype("U3")).numeric


@pytest.mark.parametrize("damaged", [False, True])
def test_merging_equals_one_pass(damaged):
    random = np.random.default_rng(0)
    array, weights = random.normal(1e6, 2, (300, 4)), random.standard_normal(300)
    array[200:, 1] += 1e6  # far from the numbers of the first part
    if damaged:
        array[[5, 150, 151, 299], 2] = [np.nan, np.inf, -np.inf, np.nan]
        array[100:200, 3] = np.nan
    whole, merged = (Leaf("x", (4,), array.dtype) for _ in range(2))
    whole.add(array, weights)
    for start in (0, 100, 200):
        part = Leaf("x", (4,), array.dtype)
        part.add(array[start : start + 100], weights[start : start + 100])
        merged.merge(part)
    for name in ("rows", "bad_rows", "bad_indices"):
        assert getattr(merged, name) == getattr(whole, name)
    for name in ("low", "high", "count", "gaps"):
        np.testing.assert_array_equal(
            *np.broadcast_arrays(getattr(merged, name), getattr(whole, name))
        )
    for name in ("mean", "std", "signature"):
        np.testing.assert_allclose(getattr(merged, name), getattr(whole, name), rtol=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "shape"),
    [((4, 2), (7, 2), (2,)), ((4,), (7,), ()), ((4, 2), (4, 2), (4, 2)), ((3, 2), (3, 5), ())],
)
def test_parts_of_other_shapes_are_merged_as_they_are_read(first, second, shape):
    random = np.random.default_rng(0)
    arrays = [random.normal(5, 2, (30, *first)), random.normal(-1, 3, (20, *second))]
    whole = Leaf("x", first, np.dtype("float64"))
    parts = [Leaf("x", array.shape[1:], array.dtype) for array in arrays]
    for array, part in zip(arrays, parts, strict=True):
        whole.add(array, np.ones(len(array)))
        part.add(array, np.ones(len(array)))
    parts[0].merge(parts[1])
    assert parts[0].shape == whole.shape == shape
    np.testing.assert_allclose(parts[0].mean, whole.mean)
    np.testing.assert_allclose(parts[0].std, whole.std)
    np.testing.assert_array_equal(parts[0].low, whole.low)
