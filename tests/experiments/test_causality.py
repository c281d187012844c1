import numpy as np
import pytest
from keras import layers as L
from specimens import SPARSE, compiled

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.causality import (
    Prober,
    changed,
    dependency,
    is_causal_by_design,
    looks_ahead,
    only_normalises,
    suspects,
)


@pytest.mark.parametrize(
    "array",
    [
        np.random.RandomState(0).randint(1, 9, (6, 5)),
        np.random.RandomState(0).normal(size=(6, 5, 2)),
        np.eye(4)[np.random.RandomState(0).randint(0, 4, (6, 5))],
        np.ones((6, 5, 1)) * np.arange(5)[None, :, None],
        np.repeat([[1.0], [2.0]], 5, axis=1)[[0, 0, 1, 1, 0, 0]],
    ],
    ids=["tokens", "numbers", "one-hot", "equal rows", "equal steps"],
)
def test_every_row_changes_there_and_nowhere_else(array):
    new = changed(array, [2])
    moved = (new != array).reshape(6, 5, -1).any(-1)
    assert moved[:, 2].all()
    assert not np.delete(moved, 2, axis=1).any()
    assert new.dtype == array.dtype
    assert set(np.unique(new[:, [0, 1, 3, 4]])) <= set(np.unique(array))


def test_padding_stays_where_it_is():
    tokens = np.random.RandomState(0).randint(1, 9, (6, 5))
    tokens[:3, 3:] = 0
    new = changed(tokens, slice(2, None))
    np.testing.assert_array_equal(new == 0, tokens == 0)


def prober(*stack):
    model = compiled(L.Embedding(9, 4), *stack, L.Dense(9), shape=(5,), loss=SPARSE)
    tokens = np.random.RandomState(0).randint(1, 9, (6, 5))
    return model, Prober(model, Batch(tokens), 0, 0)


def test_looking_ahead_is_measured():
    _, back = prober(L.GRU(4, return_sequences=True))
    assert looks_ahead(back, 1, 8, 1e-4) == (0, 0)
    assert looks_ahead(back, 0, 8, 1e-4)[0] > 0.1
    _, ahead = prober(L.Conv1D(4, 3, padding="same"))
    assert min(looks_ahead(ahead, 1, 8, 1e-4)) > 0.01


def test_nothing_to_look_with():
    model, one = prober(L.GRU(4, return_sequences=True))
    model.layers[-1].kernel.assign(np.zeros((4, 9)))
    still = Prober(model, Batch(one.array), 0, 0)
    with pytest.raises(NotApplicable, match="do not depend"):
        looks_ahead(still, 1, 8, 1e-4)


def test_long_sequences_are_not_charted():
    model = compiled(L.Embedding(9, 2), L.Dense(9), shape=(65,), loss=SPARSE)
    long = Prober(model, Batch(np.ones((2, 65), "int32")), 0, 0)
    assert dependency(long, "output", ahead=False) == {}


def test_layers_that_may_look_ahead():
    both, _ = prober(L.Bidirectional(L.GRU(4, return_sequences=True), name="both"))
    assert suspects(both)[0] == "both"
    padded, _ = prober(L.Conv1D(4, 3, padding="causal"), L.LayerNormalization(axis=[1, 2]))
    assert suspects(padded) == ("", "")
    assert is_causal_by_design(padded)
    assert only_normalises(padded)
    assert not only_normalises(both)
