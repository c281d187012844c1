"""Larger copies of a model: wider, or deeper by one layer, compiled as it was."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keras_recipe.core.errors import NotApplicable
from keras_recipe.surgery.grown import deepened, recompiled, widened, widths_of
from keras_recipe.surgery.rebuilt import rebuilt
from keras_recipe.surgery.weight_decay import set_weight_decay

HEAD = {"units": 3, "activation": "softmax"}


def net(*stack, shape=(6,), loss="sparse_categorical_crossentropy", rate=0.02):
    model = keras.Sequential([keras.Input(shape), *stack])
    model.compile(keras.optimizers.SGD(rate, momentum=0.9), loss, metrics=["accuracy"])
    return model


def test_hidden_layers_get_other_widths_and_the_output_keeps_its_own():
    model = net(L.Dense(2, activation="tanh"), L.Dense(4), L.Dense(**HEAD))
    wider = widened(model, [5, 7])
    assert [layer.units for layer in wider.layers] == [5, 7, 3]
    assert [layer.units for layer in model.layers] == [2, 4, 3]
    assert wider.layers[0].activation is keras.activations.tanh


def test_it_is_compiled_as_before_with_a_fresh_optimizer():
    model = net(L.Dense(2), L.Dense(**HEAD))
    x, y = np.ones((8, 6), "float32"), np.zeros(8)
    model.fit(x, y, verbose=0)
    wider = widened(model, [4])
    assert wider.loss == model.loss
    assert float(wider.optimizer.learning_rate) == pytest.approx(0.02)
    assert wider.optimizer.momentum == 0.9
    assert int(wider.optimizer.iterations) == 0
    assert "accuracy" in wider.fit(x, y, verbose=0).history


def half(y_true, y_pred):
    """A loss that Keras does not know by name."""
    return keras.ops.mean(keras.ops.square(y_true - y_pred), -1) / 2


def test_a_loss_of_the_users_own_is_kept():
    model = net(L.Dense(2), L.Dense(1), loss=half)
    assert widened(model, [4]).loss is half


def test_a_loss_keeps_settings_that_its_configuration_lacks():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(1)])
    model.compile("sgd", keras.losses.Huber(delta=0.3))
    assert widened(model, [6]).loss is model.loss


def test_frozen_layers_keep_width_and_weights():
    model = net(L.Dense(5), L.Dense(2), L.Dense(**HEAD))
    model.layers[0].trainable = False
    assert [width for _, width in widths_of(model)] == [2]
    wider = widened(model, [4])
    np.testing.assert_array_equal(wider.get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize("functional", [False, True])
def test_one_more_layer_stands_before_the_output(functional):
    model = net(L.Dense(5, activation="relu"), L.Dense(**HEAD))
    if functional:
        model = recompiled(keras.Model(model.inputs, model.outputs), model)
    deeper = deepened(model)
    sizes = [layer.units for layer in deeper.layers if isinstance(layer, L.Dense)]
    assert sizes == [5, 5, 3]
    assert deeper.layers[-1].activation is keras.activations.softmax
    deeper.fit(np.ones((8, 6), "float32"), np.zeros(8), verbose=0)


def test_no_layer_comes_between_the_scores_and_their_softmax():
    with pytest.raises(NotApplicable, match="no place before it"):
        deepened(net(L.Dense(5), L.Dense(3), L.Softmax()))


def test_a_class_of_the_users_own_cannot_be_built_anew():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.head = L.Dense(3)

        def call(self, x):
            return self.head(x)

    model = Own()
    model.compile("sgd", "mse")
    model(np.ones((1, 2), "float32"))
    with pytest.raises(NotApplicable):
        deepened(model)


def decayed(model):
    """Names of the variables that the decay shrinks: a step at a rate of 1 without a loss."""
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    model.set_weights([np.ones(w.shape) for w in model.get_weights()])
    optimizer.apply([keras.ops.zeros(w.shape) for w in model.trainable_variables])
    weights = zip(model.trainable_variables, model.get_weights(), strict=True)
    return {variable.path for variable, value in weights if value.max() < 1}


@pytest.mark.parametrize("copy", [lambda m: widened(m, [4]), deepened, rebuilt])
def test_a_copy_leaves_out_of_its_decay_what_the_model_does(copy):
    model = net(L.Dense(2), L.Dense(**HEAD))
    optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.compile(optimizer, "sparse_categorical_crossentropy")
    names = decayed(copy(model))
    assert names
    assert not any("bias" in name for name in names)


@pytest.mark.parametrize("copy", [lambda m: widened(m, [4]), deepened, rebuilt])
def test_penalties_that_were_switched_off_stay_off_in_a_copy(copy):
    model = net(L.Dense(2, kernel_regularizer="l2"), L.Dense(**HEAD))
    assert len(copy(model).losses) == 1
    assert not copy(set_weight_decay(model, 0.0)).losses
