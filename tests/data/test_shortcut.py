import numpy as np
from specimens import cancer, digits

from keras_recipe.data.batch import Batch
from keras_recipe.data.crossfit import CrossFit, Question
from keras_recipe.data.shortcut import columns, misled, restates, shuffled, single_shares
from keras_recipe.data.unseen import targets

QUESTION = Question("y", 0, classes=True)
LIMITS = {"near": 0.98, "sure": 5, "gain": 0.08}


def mixed(x, y, seed=0):
    """Rows in a random order: stored ones are not drawn alike."""
    order = np.random.default_rng(seed).permutation(len(x))
    return x[order], y[order]


def judged(x, y, xv, yv):
    fit = CrossFit(Batch(x, y), Batch(xv, yv), [QUESTION])
    (answer,) = fit.answers()
    made, values = columns(fit.training, fit.validation)
    shares = single_shares(values, [answer.y, answer.held_y])
    return misled(fit, answer, made, shares, **LIMITS)


def leaking(x, column):
    return np.column_stack([x, column]).astype("float32")


def test_columns_have_names_and_pictures_have_brightness():
    made, (values,) = columns(Batch({"a": np.ones((4, 2)), "b": np.ones((4, 3, 3, 1))}))
    assert [c.name for c in made][:3] == ["x['a'][:, 0]", "x['a'][:, 1]", "x['b'][:, 0, 0, 0]"]
    assert [c.name for c in made][-3:] == [
        "the mean of x['b']",
        "the spread of x['b']",
        "the count of non-zero elements of x['b']",
    ]
    assert values.shape == (4, 2 + 9 + 3)


def test_shares_are_out_of_sample():
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 400)
    x = np.stack([y, random.normal(size=400), y ^ (random.random(400) < 0.2)], 1).astype(float)
    (share,) = single_shares([x], targets([y], classes=True))
    assert share[0] == 1
    assert abs(share[1]) < 0.25
    assert 0.45 < share[2] < 0.75
    (share,) = single_shares([x], targets([x[:, 1] * 2 + 1], classes=False))
    assert share[1] > 0.9


def test_a_column_that_tells_training_labels_only_misleads():
    x, y = mixed(*cancer())
    found = judged(leaking(x[:400], y[:400]), y[:400], leaking(x[400:], 0 * y[400:]), y[400:])
    assert found.columns == ["x[:, 30]"]
    assert found.after > 0.8
    assert found.before < 0.2


def test_a_brighter_class_misleads():
    x, y = digits(flat=False)
    x, y = mixed(x[y < 2], y[y < 2])
    bright = x[:200] + 0.5 * y[:200, None, None, None]
    found = judged(bright, y[:200], x[200:], y[200:])
    assert "the mean of x" in found.columns
    assert found.after > 0.9


def test_nothing_misleads_where_splits_agree_or_all_is_broken():
    x, y = mixed(*cancer())
    assert judged(x[:400], y[:400], x[400:], y[400:]) is None
    assert judged(x[:400], y[:400], x[400:] * 100, y[400:]) is None
    assert judged(x[:400], y[:400], x[400:], 1 - y[400:]) is None


def test_shuffling_leaves_the_rest_alone():
    x = np.arange(20.0).reshape(10, 2)
    batch = Batch(x)
    made, _ = columns(batch)
    mixed = shuffled(batch, batch, made[1:2])
    np.testing.assert_array_equal(mixed[:, 0], x[:, 0])
    assert set(mixed[:, 1]) <= set(x[:, 1])
    np.testing.assert_array_equal(batch.x, np.arange(20.0).reshape(10, 2))


def test_a_column_restates_the_label_in_other_words():
    y = np.array([0, 1, 2, 0, 1, 2])
    (classes,) = targets([y], classes=True)
    assert restates(np.array([5, 3, 9, 5, 3, 9.0]), classes)
    assert not restates(np.array([5, 3, 9, 5, 3, 3.0]), classes)
    (numbers,) = targets([y * 1.5 + 0.1], classes=False)
    assert restates(10 - 2.0 * y, numbers)
    assert not restates(np.ones(6), numbers)


def test_a_gap_is_a_border_wherever_the_quantiles_fall():
    random = np.random.default_rng(0)
    for share in (0.31, 0.47, 0.52):
        y = (random.random(700) < share).astype(int)
        column = 3 * y + 0.05 * random.standard_normal(700)
        (found,) = single_shares([column[:, None]], targets([y], classes=True))
        assert found[0] == 1
