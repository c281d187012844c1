"""Greedy selection: never worse than the best single, nor than the mean of all."""

import numpy as np
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.ensemble.select import select

ROWS = 400


def noisy(seed, scale, shift=0.0):
    """The truth with noise of its own."""
    return TRUTH + shift + np.random.default_rng(seed).normal(0, scale, (ROWS, 1))


TRUTH = np.random.default_rng(99).normal(size=(ROWS, 1))


def mse(outputs):
    return float(np.mean((outputs - TRUTH) ** 2))


def chosen(*outputs, **settings):
    return select([np.asarray(o, "float32") for o in outputs], ["mean"], mse, **settings)


def test_independent_errors_cancel():
    found = chosen(*(noisy(seed, 1.0) for seed in range(5)))
    assert found.loss < 0.3 < min(found.losses)
    assert found.loss <= found.mean_of_all
    assert len(found.chosen) == 5
    assert sum(found.weights) == pytest.approx(1)


def test_the_hopeless_are_left_out():
    found = chosen(noisy(0, 0.5), noisy(1, 0.5), noisy(2, 0.1, shift=30.0))
    assert found.chosen == (0, 1)
    assert found.how == "greedy"
    assert found.mean_of_all > 50


@pytest.mark.parametrize("seed", range(10))
def test_it_is_never_worse_than_the_best_single_or_the_mean_of_all(seed):
    random = np.random.default_rng(seed)
    outputs = [
        noisy(100 * seed + k, scale) for k, scale in enumerate(random.uniform(0.1, 3, 7))
    ]
    found = chosen(*outputs, seed=seed)
    assert found.loss <= min(found.losses) + 1e-12
    assert found.loss <= found.mean_of_all + 1e-12


def test_one_that_knows_everything_stays_alone():
    found = chosen(noisy(0, 2.0), TRUTH, noisy(1, 2.0))
    assert found.chosen == (1,)
    assert found.loss == pytest.approx(0, abs=1e-12)


def test_the_size_is_capped():
    found = chosen(*(noisy(seed, 1.0) for seed in range(8)), most=3)
    assert len(found.chosen) == 3


def test_of_many_models_the_seed_decides_the_bags():
    outputs = [noisy(seed, 1.0 + seed / 5) for seed in range(12)]
    one = chosen(*outputs, seed=1, most=4)
    assert one == chosen(*outputs, seed=1, most=4)
    assert one.weights != chosen(*outputs, seed=2, most=4).weights
    assert 1 < len(one.chosen) <= 4


def test_a_model_whose_loss_is_no_number_never_counts():
    found = chosen(noisy(0, 1.0), np.full((ROWS, 1), np.nan))
    assert found.weights == (1.0, 0.0)
    with pytest.raises(InputError, match="None of the models"):
        chosen(np.full((ROWS, 1), np.nan))
    with pytest.raises(InputError, match="no model"):
        chosen()
