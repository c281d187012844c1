import numpy as np
from specimens import cancer, diabetes, digits

from keras_recipe.data.unseen import learn, signal, signal_of, targets

RANDOM = np.random.default_rng(0)


def test_targets_share_one_coding():
    own, held = targets([np.array([5, 7, 7]), np.array([7, 9])], classes=True)
    np.testing.assert_array_equal(own.given, [0, 1, 1])
    np.testing.assert_array_equal(held.values, [[0, 1], [0, 0]])
    flags, _ = targets([np.array([[0, 1.0], [1, 1]])] * 2, classes=False)
    assert flags.flags
    (many,) = targets([RANDOM.normal(size=(9, 50))], classes=False)
    assert many.mixed
    assert many.values.shape == (9, 8)


def test_a_relation_is_found_and_noise_is_not():
    x, y = digits()
    (target,) = targets([y[:300]], classes=True)
    assert signal_of(x[:300], target).skill > 0.9
    (mixed,) = targets([RANDOM.permutation(y[:300])], classes=True)
    assert signal_of(x[:300], mixed).z < 3
    x, y = diabetes()
    (target,) = targets([y], classes=False)
    assert 0.3 < signal_of(x, target).skill < 0.6


def test_wild_numbers_are_moved_to_the_fences():
    y = RANDOM.normal(size=(400, 1))
    wild = np.where(np.arange(400)[:, None] % 25 == 0, 50, y)
    plain, both = (targets([part, y], classes=False)[0] for part in (y, wild))
    assert np.abs(plain.tame - plain.values).mean() < 0.01
    assert both.tame.max() < both.values.max() / 5
    assert both.take(np.arange(9)).tame.tolist() == both.tame[:9].tolist()
    (rare,) = targets([np.where(y > 1.5, y, 0)], classes=False)  # no quartile range
    np.testing.assert_array_equal(rare.tame, rare.values)
    x = y + 0.1 * RANDOM.normal(size=y.shape)
    assert signal_of(x, both).skill > 0.6


def test_held_out_rows_are_predicted_as_well_as_the_own():
    x, y = cancer()
    own, held = targets([y[:400], y[400:]], classes=True)
    learned = learn(x[:400], own, x[400:])
    skills = [
        signal(p, t, own.values.mean(0)).skill
        for p, t in ((learned.own, own), (learned.held, held))
    ]
    assert min(skills) > 0.8


def test_predictions_that_only_mirror_the_mean_count_for_nothing():
    y = RANDOM.integers(0, 2, 200)
    (target,) = targets([y], classes=True)
    assert signal_of(np.ones((200, 3)), target).z < 3
