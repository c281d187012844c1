import numpy as np
import pytest
from healthy import BUILDERS
from keras import layers as L
from specimens import classifier, compiled, digits, subject

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.examples import few_examples, filled


def chosen(model, x, y, most=8, **settings):
    made = subject(model, x, y, **settings)
    return few_examples(model, made.task, made.probe, most)


def test_labels_differ_as_far_as_they_can():
    assert len(set(chosen(classifier(), *digits()).y.tolist())) == 8


def test_a_line_gets_no_more_points_than_half_its_weights():
    x = np.arange(64, dtype="float32").reshape(32, 2)
    model = compiled(L.Dense(1), shape=(2,), loss="mse")
    assert len(chosen(model, x, x[:, 0])) == 2


def test_vectors_through_a_narrow_layer_are_few():
    x, _ = digits()
    model = compiled(L.Dense(32), L.Dense(3), L.Dense(64), loss="mse")
    assert len(chosen(model, x, x)) == 4


def test_rows_of_weight_zero_are_left_out():
    x, y = digits()
    weights = (np.arange(len(x)) % 2).astype("float32")
    few = chosen(classifier(), x, y, sample_weight=weights)
    assert (few.sample_weight > 0).all()
    with pytest.raises(NotApplicable, match="weight 0"):
        chosen(classifier(), x, y, sample_weight=0 * weights)


def test_masked_places_get_the_weight_zero():
    model, x, y, _ = BUILDERS["masked_tokens"]()
    few = chosen(model, x, y)
    np.testing.assert_array_equal(few.sample_weight, few.x > 0)


def test_small_rows_fill_the_batch_and_large_ones_do_not():
    small = Batch(np.arange(3, dtype="float32")[:, None])
    assert filled(small, 8).x.ravel().tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    assert len(filled(Batch(np.zeros((3, 100, 100), "float32")), 8)) == 3
