import keras
import pytest
from healthy import ADAM, BUILDERS, some_digits
from keras import layers as L
from keras import ops
from specimens import SPARSE, examine

from keras_recipe.checks.baseline.kr215_one_by_one import one_by_one
from keras_recipe.core.errors import NotApplicable


class OfTheBatch(L.Layer):
    """Adds what is known of a batch of 16: right for such a batch only."""

    def call(self, x):
        return x * ops.cast(ops.shape(x)[0], x.dtype) / 16


def test_a_hard_coded_batch_size_fails():
    stack = L.Dense(16, activation="relu"), OfTheBatch(), L.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input((64,)), *stack])
    model.compile(ADAM(3e-3), SPARSE)
    result = examine(one_by_one, model, *some_digits(64), batch_size=16)
    assert result.status == "fail"
    assert result.measured > 0.01


@pytest.mark.parametrize("name", ["batch_norm_images", "half_precision", "siamese"])
def test_healthy_programs_pass(name):
    model, x, y, settings = BUILDERS[name]()
    assert examine(one_by_one, model, x, y, **settings).status == "pass"


def test_a_fixed_batch_size_is_skipped():
    model, x, y, settings = BUILDERS["fixed_batch_size"]()
    with pytest.raises(NotApplicable, match="fixed batch size"):
        examine(one_by_one, model, x, y, **settings)


def test_predictions_that_differ_at_every_call_are_another_checks():
    class Noisy(L.Layer):
        def __init__(self):
            super().__init__()
            self.seed = keras.random.SeedGenerator(0)

        def call(self, x):
            return x + keras.random.normal(ops.shape(x), seed=self.seed)

    model = keras.Sequential([keras.Input((64,)), Noisy(), L.Dense(10, activation="softmax")])
    model.compile(ADAM(3e-3), SPARSE)
    with pytest.raises(NotApplicable, match="KR217"):
        examine(one_by_one, model, *some_digits(64))
