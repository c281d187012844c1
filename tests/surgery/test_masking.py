import keras
import numpy as np
import pytest
from keras import layers as L

from keras_recipe.surgery.masking import makes_masks, masked, users

TOKENS = np.array([[3, 4, 0, 0, 0], [5, 1, 2, 0, 0]], "int32")


def model(*stack, shape=(5,)):
    made = keras.Sequential([keras.Input(shape), *stack, L.Dense(1)])
    made.compile("adam", "mse")
    return made


def test_who_makes_masks_and_who_uses_them():
    assert not makes_masks(model(L.Embedding(9, 4), L.GRU(3)))
    assert makes_masks(model(L.Embedding(9, 4, mask_zero=True), L.GRU(3)))
    assert makes_masks(model(L.Masking(), L.GRU(3), shape=(5, 2)))
    assert [p for p, _ in users(model(L.Embedding(9, 4), L.Bidirectional(L.GRU(3))))]
    assert users(model(L.Embedding(9, 4), L.GlobalMaxPooling1D())) == []


@pytest.mark.parametrize("value", [0.0, -1.0])
@pytest.mark.parametrize("series", [False, True])
def test_padding_makes_no_difference_inside_and_all_is_put_back(series, value):
    if series:
        x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
        x[:, 3:] = value
        longer = np.concatenate([x, np.full((2, 4, 3), value, "float32")], 1)
        made = model(L.GRU(3), shape=(None, 3))
    else:
        x, longer = TOKENS, np.pad(TOKENS, ((0, 0), (0, 4)))
        made = model(L.Embedding(9, 4), L.GRU(3), shape=(None,))
    before = made.predict(x, verbose=0)
    with masked(made, value):
        inside = [made.predict(part, verbose=0) for part in (x, longer)]
    np.testing.assert_allclose(*inside, rtol=1e-4, atol=1e-6)
    assert np.abs(inside[0] - before).max() > 1e-4
    np.testing.assert_array_equal(made.predict(x, verbose=0), before)


def test_an_average_leaves_out_what_the_entrance_says_is_padding():
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    x[:, 3:] = 0
    longer = np.concatenate([x, np.zeros((2, 4, 3), "float32")], 1)
    bias = {"bias_initializer": "ones", "name": "entrance"}
    made = model(L.Dense(3, **bias), L.GlobalAveragePooling1D(), shape=(None, 3))
    before = made.predict(x, verbose=0)
    with masked(made, 0.0, "entrance"):
        inside = [made.predict(part, verbose=0) for part in (x, longer)]
    np.testing.assert_allclose(*inside, rtol=1e-4, atol=1e-6)
    assert np.abs(inside[0] - before).max() > 1e-4
    np.testing.assert_array_equal(made.predict(x, verbose=0), before)
    assert "compute_mask" not in vars(made.layers[0])
