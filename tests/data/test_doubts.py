"""All labels are ranked, not those of a sample, and wrong ones come first."""

import numpy as np
import pytest
from specimens import digits

from keras_recipe.data import doubts as module
from keras_recipe.data.batch import Batch
from keras_recipe.data.contents import Contents
from keras_recipe.data.crossfit import CrossFit, Question
from keras_recipe.data.doubts import doubts
from keras_recipe.data.label_noise import confident_learning

CLASSES = [Question("y", 0, classes=True)]


@pytest.fixture(scope="module")
def spoiled():
    """Digits of which 5 % have wrong labels: all rows, and which are wrong."""
    x, y = digits()
    random = np.random.default_rng(0)
    wrong = random.random(len(y)) < 0.05
    return Batch(x, np.where(wrong, (y + random.integers(1, 10, len(y))) % 10, y)), wrong


def answered(whole, rows=600):
    return CrossFit(whole.take(np.arange(rows)), None, CLASSES).answers()[0]


@pytest.fixture(scope="module")
def found(spoiled):
    return doubts(answered(spoiled[0]), spoiled[0], 0)


def test_rows_beyond_the_sample_are_ranked(spoiled, found):
    whole, wrong = spoiled
    assert found.everything
    first = found.told.rows[found.order[: 2 * wrong.sum()]]
    assert wrong[first].sum() / wrong.sum() > 0.95
    assert found.estimate.rate == pytest.approx(wrong.mean(), rel=0.5)
    assert found.z > 50
    named = found.named(20, answered(whole), Contents())
    assert wrong[named["suspects"]].mean() > 0.8
    assert named["given"] == whole.y[named["suspects"]].tolist()
    assert (np.array(named["likelier"]) != named["given"]).all()
    ranking = found.ranking(1000, answered(whole), Contents())
    assert ranking[:20] == named["suspects"]
    assert len(ranking) == np.ceil(found.confident * len(whole.x))
    assert wrong[ranking].sum() / wrong.sum() > 0.7


def test_without_all_rows_the_sample_is_ranked(spoiled):
    whole, wrong = spoiled
    few = whole.take(np.arange(600))
    contents = Contents()
    contents.add(few)
    some = doubts(answered(few), None, 0)
    assert not some.everything
    named = some.named(10, answered(few), contents)
    assert wrong[named["suspects"]].mean() > 0.8
    assert named["given"] == whole.y[named["suspects"]].tolist()


def test_cleanlab_ranks_as_we_do(found):
    pytest.importorskip("cleanlab.rank", reason="the ranking is then our own")
    p, given = found.told.probabilities, found.told.given
    own = p[np.arange(len(p)), given]
    assert (np.diff(own[found.order]) >= 0).all()
    plain = confident_learning(p, given).suspects
    np.testing.assert_allclose(own[plain], own[found.order], rtol=1e-6)


def test_without_cleanlab_the_ranking_is_our_own(found, spoiled, monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    plain = doubts(answered(spoiled[0]), spoiled[0], 0)
    own = confident_learning(plain.told.probabilities, plain.told.given).suspects
    np.testing.assert_array_equal(plain.order, own)
