import numpy as np
import pytest

from keras_recipe.experiments.noise import is_hopeless, paired_gain


def test_a_steady_gain_is_beyond_noise_and_measured_as_a_share():
    gain = paired_gain([1.0, 2.0, 4.0], [0.5, 0.98, 2.04])
    assert gain.beyond
    assert gain.mean == pytest.approx(0.5, abs=0.01)
    assert gain.unit == "share of the loss"
    assert gain.low < gain.mean < gain.high < 1


def test_the_interval_is_students():
    before, after = np.exp([1.0, 1.0, 1.0]), np.exp([0.9, 0.8, 0.7])
    gain = paired_gain(before, after)
    half = 4.302653 * 0.1 / np.sqrt(3)
    assert gain.low == pytest.approx(1 - np.exp(-(0.2 - half)), rel=1e-5)
    assert gain.high == pytest.approx(1 - np.exp(-(0.2 + half)), rel=1e-5)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([1.0, 1.0, 1.0], [0.9, 1.1, 0.95]),  # they differ about nothing
        ([1.0, 1.0], [0.5, 0.7]),  # two seeds are few
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),  # equal
        ([1.0, 2.0, 3.0], [1.0 - 1e-5, 2.0 - 2e-5, 3.0 - 3e-5]),  # rounding
        ([1.0, 1.0, 1.0], [2.0, 2.1, 2.2]),  # worse
    ],
)
def test_what_is_no_gain_is_not_kept(before, after):
    assert not paired_gain(before, after).beyond


def test_one_seed_that_is_harmed_is_not_outvoted():
    gain = paired_gain([1.0] * 9, [0.5] * 8 + [1.01])
    assert gain.low > 0
    assert not gain.beyond


def test_losses_below_zero_are_compared_by_their_difference():
    gain = paired_gain([-1.0, -1.2, -0.9], [-2.0, -2.3, -1.9])
    assert gain.beyond
    assert gain.unit == "loss"
    assert gain.mean == pytest.approx(1.0333, abs=1e-3)


def test_a_change_that_does_nothing_is_kept_one_time_in_forty():
    random = np.random.default_rng(0)
    logs = random.normal(size=(2, 4000, 3)) * 0.2
    kept = sum(paired_gain(*pair).beyond for pair in np.exp(logs).swapaxes(0, 1))
    assert 60 < kept < 140


def test_a_change_that_does_nothing_is_rarely_hopeless():
    random = np.random.default_rng(1)
    best, after = np.exp(random.normal(size=(4000, 3)) * 0.2), random.normal(size=4000) * 0.2
    given_up = sum(
        is_hopeless(one, one[:1], [np.exp(two)]) for one, two in zip(best, after, strict=True)
    )
    assert given_up < 120  # the first seed is one of those that say how they differ


def test_only_far_worse_is_hopeless():
    best = [1.0, 1.1, 0.9]
    assert is_hopeless(best, best[:1], [4.0])
    assert not is_hopeless(best, best[:1], [1.5])
    assert not is_hopeless(best, best[:1], [0.1])
    assert not is_hopeless([1.0], [1.0], [4.0])
