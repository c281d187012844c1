"""What the last layer gets, and a model that is bit for bit what it was."""

import healthy
import keras
import numpy as np
import pytest
from keras import layers
from specimens import compiled, digits

from keras_recipe.surgery.penultimate import penultimate


def test_it_is_what_the_hidden_layers_make():
    x, _ = digits(flat=False)
    stack = [layers.Conv2D(3, 3, activation="relu"), layers.Flatten(), layers.Dropout(0.5)]
    stack += [layers.Dense(7, activation="tanh"), layers.Dense(10, activation="softmax")]
    model = compiled(*stack, shape=(8, 8, 1))
    inner = keras.Model(model.inputs, model.layers[-2].output)
    found = penultimate(model, x[:600])
    np.testing.assert_allclose(found, inner.predict(x[:600], verbose=0), atol=1e-5)


def test_layers_of_a_subclass_are_found():
    class Mine(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner, self.last = layers.Dense(5, activation="relu"), layers.Dense(3)

        def call(self, x):
            return self.last(self.inner(x))

    model = Mine()
    x = digits()[0][:50]
    model(x)
    found = penultimate(model, x)
    np.testing.assert_allclose(found, keras.ops.convert_to_numpy(model.inner(x)), atol=1e-5)


def test_what_cannot_be_called_says_nothing():
    class Refuses(keras.Model):
        def call(self, x):
            raise ValueError

    assert len(penultimate(Refuses(), digits()[0][:50])) == 0


@pytest.mark.parametrize("name", ["batch_norm_images", "masked_tokens", "dict_of_inputs"])
def test_nothing_is_changed(name):
    model, x, y, _ = healthy.BUILDERS[name]()
    model.train_on_batch(*keras.tree.map_structure(lambda a: a[:32], (x, y)))
    variables = [*model.variables, *model.optimizer.variables]
    before = [np.array(keras.ops.convert_to_numpy(v)) for v in variables]
    state = np.random.get_state()[1].copy()
    found = penultimate(model, x)
    assert np.isfinite(found).all()
    for variable, value in zip(variables, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), value)
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    assert not any("call" in vars(one) for one in model._flatten_layers())
