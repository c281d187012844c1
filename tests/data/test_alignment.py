import numpy as np
from specimens import digits

from keras_recipe.data.alignment import overlapping, slip
from keras_recipe.data.batch import Batch
from keras_recipe.data.crossfit import CrossFit, Question

QUESTION = Question("y", 0, classes=True)


def fit(x, y):
    return CrossFit(Batch(x, y), None, [QUESTION], opening=Batch(x, y))


def test_labels_that_slipped_are_found():
    x, y = digits()
    x, y = x[:300], y[:300]
    found = slip(fit(x, np.roll(y, 2)), QUESTION, sure=5, strength=0.3)
    assert found.code == "y = np.roll(y, -2, axis=0)"
    assert found.signal.skill > 0.9
    assert "reverse" in slip(fit(x, y[::-1]), QUESTION, sure=5, strength=0.3).text


def test_large_numbers_are_compared_like_any_others():
    x, y = digits()
    found = slip(fit(1e30 * x[:300], np.roll(y[:300], 2)), QUESTION, sure=5, strength=0.3)
    assert found.code == "y = np.roll(y, -2, axis=0)"


def test_shuffled_labels_and_few_rows_prove_nothing():
    x, y = digits()
    mixed = np.random.default_rng(0).permutation(y[:300])
    assert slip(fit(x[:300], mixed), QUESTION, sure=5, strength=0.3) is None
    assert slip(fit(x[:20], y[:20]), QUESTION, sure=5, strength=0.3) is None


def test_windows_over_a_series_are_not_tried():
    series = np.random.default_rng(0).normal(size=200)
    windows = np.stack([series[i : i + 10] for i in range(190)])
    assert overlapping(windows)
    assert overlapping(windows[..., None])
    assert overlapping(windows[:, ::-1])
    assert not overlapping(np.random.default_rng(0).normal(size=(50, 10)))
    y = (series[9:199] > 0).astype(int)
    assert slip(fit(windows, np.roll(y, 3)), QUESTION, sure=5, strength=0.3) is None
