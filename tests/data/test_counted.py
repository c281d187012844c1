"""Rows that weigh nothing, or have a label that the loss leaves out, do not count."""

import numpy as np

from keras_recipe.data.batch import Batch
from keras_recipe.data.counted import labelled, weights_of, with_weight
from keras_recipe.data.crossfit import CrossFit, Question

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(60, 3))


def test_rows_of_no_weight_fill_up_a_batch():
    some = (np.arange(60) < 40).astype("float32")
    assert len(with_weight(Batch(X, X[:, 0], some))) == 40
    assert len(with_weight(Batch(X, X[:, 0], [some, 1 - some]))) == 60  # one counts in each
    assert len(with_weight(Batch(X, X[:, 0], np.stack([some, some], 1)))) == 40
    assert len(with_weight(Batch(X, X[:, 0], np.zeros(60)))) == 60
    assert len(with_weight(Batch(X, X[:, 0]))) == 60


def test_weights_of_tokens_are_no_weights_of_rows():
    assert weights_of(Batch(X, X[:, 0], np.ones((60, 5))), 0) is None
    assert weights_of(Batch(X, X[:, 0], [np.ones(60), 2 * np.ones(60)]), 1)[0] == 2


def test_a_label_that_the_loss_leaves_out_is_none():
    y = np.where(np.arange(60) % 3, (X[:, 0] > 0).astype(int), -1)
    assert len(labelled(y, -1)) == len(labelled(y[:, None], -1)) == 40
    assert len(labelled(y, None)) == len(labelled(np.full(60, -1), -1)) == 60
    for held in (Batch(X, y), Batch(X, np.maximum(y, 0))):
        asked = [Question("y", 0, classes=True, ignored=-1)]
        (answer,) = CrossFit(Batch(X, y), held, asked).answers()
        assert answer.y.values.shape == (40, 2)
        left = np.asarray(answer.held_rows.y)
        assert (left != -1).all()
        assert len(answer.held_x) == len(answer.held_y.values) == len(left)
