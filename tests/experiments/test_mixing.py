import numpy as np
from healthy import some_digits
from keras import layers as L
from specimens import compiled

from keras_recipe.data.batch import Batch
from keras_recipe.experiments.mixing import chart, difference, others_replaced


def test_the_kept_rows_stay_and_the_others_become_one():
    x = np.arange(12.0).reshape(6, 2)
    replaced = others_replaced(Batch({"a": x}), slice(2, 4))["a"]
    np.testing.assert_array_equal(replaced[2:4], x[2:4])
    assert (replaced[[0, 1, 4, 5]] == x[2]).all()


def test_changes_count_in_units_of_the_spread():
    before = np.array([[0.0], [10.0]])
    after = np.array([[0.0], [15.0]])
    assert difference(before, after, slice(None)) == 0.5
    assert difference(before, after, slice(0, 1)) == 0


def test_large_healthy_batches_are_not_charted():
    model = compiled(L.Dense(3))
    few = Batch(some_digits(8)[0])
    said = model.predict_on_batch(few.x)
    assert len(chart(model, few, said, mixed=False)) == 1
    many = Batch(some_digits(100)[0])
    assert chart(model, many, model.predict_on_batch(many.x), mixed=True) == []
