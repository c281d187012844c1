import keras
import pytest
from healthy import ADAM, BUILDERS, some_digits
from keras import layers as L
from keras import ops
from specimens import SPARSE, examine

from keras_recipe.checks.baseline.kr215_one_by_one import one_by_one
from keras_recipe.core.errors import NotApplicable


class OfSixteen(L.Layer):
    """Reshapes as if every batch had a multiple of 16 rows."""

    def call(self, x):
        return ops.reshape(ops.reshape(x, (16, -1)), (-1, 32))


def test_a_hard_coded_batch_size_fails():
    stack = [L.Dense(32, activation="relu"), OfSixteen(), L.Dense(10, activation="softmax")]
    model = keras.Sequential([keras.Input((30,)), *stack])
    model.compile(ADAM(3e-3), SPARSE)
    x, y = some_digits(64)
    broken = OfSixteen.call
    OfSixteen.call = lambda _, x: ops.reshape(ops.reshape(x, (16, -1)), (-1, 30))
    try:
        model = keras.Sequential(
            [keras.Input((30,)), OfSixteen(), L.Dense(10, activation="softmax")]
        )
        model.compile(ADAM(3e-3), SPARSE)
        result = examine(one_by_one, model, x[:, :30], y, batch_size=16)
    finally:
        OfSixteen.call = broken
    assert result.status == "fail"


@pytest.mark.parametrize("name", ["batch_norm_images", "half_precision", "siamese"])
def test_healthy_programs_pass(name):
    model, x, y, settings = BUILDERS[name]()
    assert examine(one_by_one, model, x, y, **settings).status == "pass"


def test_a_fixed_batch_size_is_skipped():
    model, x, y, settings = BUILDERS["fixed_batch_size"]()
    with pytest.raises(NotApplicable, match="fixed batch size"):
        examine(one_by_one, model, x, y, **settings)
