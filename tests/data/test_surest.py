"""What a model cannot learn is no wrong label; where that cannot be told apart, it says so."""

import numpy as np
import pytest
from scipy.stats import norm

from keras_recipe.data.surest import told_by_the_surest

ROWS = 6000


def logistic(steepness, noise, seed=0, classes=2):
    """Classes that overlap more the less steep they are, some labels replaced at random."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(ROWS, classes)) * steepness
    p = np.exp(x - x.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    given = (p.cumsum(1) > random.random((ROWS, 1))).argmax(1)
    wrong = random.random(ROWS) < noise
    return p, np.where(wrong, (given + random.integers(1, classes, ROWS)) % classes, given)


@pytest.mark.parametrize("noise", [0.03, 0.1, 0.3])
@pytest.mark.parametrize(("steepness", "classes"), [(10, 2), (6, 10)])
def test_overlap_is_left_out_and_noise_is_counted(noise, steepness, classes):
    p, given = logistic(steepness, noise, classes=classes)
    found = told_by_the_surest(p, given)
    assert found.told
    assert noise / 1.5 < found.rate < 1.5 * noise
    assert found.low - 0.01 <= noise <= found.high + 0.01


@pytest.mark.parametrize("steepness", [0.7, 1, 2, 3])
def test_what_a_model_cannot_learn_is_no_wrong_label(steepness):
    for seed in range(5):
        assert not told_by_the_surest(*logistic(steepness, 0.0, seed)).told


def test_of_a_weak_model_only_a_bound_is_known():
    for seed in range(5):
        found = told_by_the_surest(*logistic(0.7, 0.05, seed))
        assert not found.told
        assert found.high > 0.05


def test_a_model_that_says_the_same_of_all_tells_nothing():
    given = (np.random.default_rng(0).random(ROWS) < 0.1).astype(int)
    assert not told_by_the_surest(np.tile([0.9, 0.1], (ROWS, 1)), given).told
    assert not told_by_the_surest(np.full((ROWS, 2), 0.5), given).told


def test_people_who_err_where_rows_are_hard_are_not_told_from_hard_rows():
    for seed in range(3):
        random = np.random.default_rng(seed)
        meant = random.normal(size=ROWS)
        seen = (meant + 0.6 * random.normal(size=ROWS)) / 1.36
        given = (meant + 0.4 * random.normal(size=ROWS) > 0).astype(int)
        p = norm.cdf(seen / np.sqrt(1 - 1 / 1.36 + 0.16))
        assert 0.1 < np.mean(given != (meant > 0)) < 0.14
        assert not told_by_the_surest(np.stack([1 - p, p], 1), given).told


def test_each_class_gives_its_surest_rows():
    p, given = logistic(10, 0.0, classes=3)
    wrong = given == 2
    given[wrong] = np.where(np.random.default_rng(1).random(wrong.sum()) < 0.5, 0, 2)
    assert told_by_the_surest(p, given).rate == pytest.approx(wrong.mean() / 2, abs=0.03)


def test_few_rows_say_nothing():
    p, given = logistic(3, 0.1)
    assert told_by_the_surest(p[:40], given[:40]) is None
