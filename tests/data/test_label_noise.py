import numpy as np
import pytest
from specimens import digits

from keras_recipe.data.batch import Batch
from keras_recipe.data.contents import Contents
from keras_recipe.data.label_noise import (
    as_two_classes,
    confident_learning,
    contradicted,
    far_off,
    numbers_of_rows,
    sure_and_wrong,
)
from keras_recipe.data.unseen import learn, targets


def noisy(rate, rows=600, held=300):
    """Digits with some training labels replaced, what a model says, and which were."""
    x, y = digits()
    random = np.random.default_rng(1)
    flipped = random.random(rows) < rate
    given = np.where(flipped, (y[:rows] + random.integers(1, 10, rows)) % 10, y[:rows])
    own, other = targets([given, y[rows : rows + held]], classes=True)
    learned = learn(x[:rows], own, x[rows : rows + held])
    return learned, own, other, flipped


def test_clean_labels_are_called_clean():
    learned, own, other, _ = noisy(0)
    assert confident_learning(learned.own, own.given).rate < 0.02
    assert abs(contradicted(learned.own, own, learned.held, other).rate) < 0.02
    assert sure_and_wrong(learned.own, own) < 0.02


@pytest.mark.parametrize("rate", [0.1, 0.3])
def test_the_estimate_is_near_the_truth_and_the_suspects_are_right(rate):
    learned, own, other, flipped = noisy(rate)
    noise = confident_learning(learned.own, own.given)
    excess = contradicted(learned.own, own, learned.held, other)
    assert noise.rate == pytest.approx(flipped.mean(), rel=0.5)
    assert excess.rate == pytest.approx(flipped.mean(), rel=0.5)
    assert excess.z > 3
    assert flipped[noise.suspects[: flipped.sum()]].mean() > 0.8


def test_a_model_that_is_never_sure_of_a_class_is_not_compared():
    y = np.eye(2)[[0, 1] * 2]
    (own,) = targets([y], classes=True)
    assert contradicted(y, own, y, own) is None


def test_numbers_are_judged_by_their_residuals():
    random = np.random.default_rng(0)
    own, held = targets([random.normal(size=400), random.normal(size=200)], classes=False)
    near = [t.values + 0.1 * random.normal(size=t.values.shape) for t in (own, held)]
    assert abs(far_off(near[0], own, near[1], held).rate) < 0.05
    near[0][:120] += 3
    assert far_off(near[0], own, near[1], held).rate == pytest.approx(0.3, abs=0.06)


def test_a_little_noise_beside_exact_numbers_is_not_wrong():
    random = np.random.default_rng(0)
    own, held = targets([random.normal(size=400), random.normal(size=200)], classes=False)
    near = own.values + 0.04 * random.normal(size=own.values.shape)
    assert far_off(near, own, held.values.copy(), held).rate < 0.01


def test_labels_that_are_there_or_not_become_two_classes():
    (flags,) = targets([np.array([[0, 1.0], [1, 1]])], classes=False)
    p, y = as_two_classes(np.array([[0.2, 0.9], [0.7, 1.3]]), flags)
    np.testing.assert_allclose(p[:, 1], [0.2, 0.7, 0.9, 1.0])
    np.testing.assert_array_equal(y.given, [0, 1, 1, 1])


def test_rows_are_found_again_in_the_whole_data():
    x, y = digits()
    contents = Contents()
    contents.add(Batch(x, y))
    assert numbers_of_rows(contents, [x[[7, 1000]]]) == [7, 1000]
    assert numbers_of_rows(contents, [x[:1] + 1]) == []
