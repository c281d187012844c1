"""Decay is proved by what a step without gradients leaves of the weights."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_recipe.core.errors import InputError
from keras_recipe.surgery.weight_decay import leaves_out, set_weight_decay

X = np.random.default_rng(0).normal(size=(16, 4, 6)).astype("float32")


Y = np.random.default_rng(1).normal(size=(16, 1)).astype("float32")


def step(model, x=X, y=Y):
    return float(model.train_on_batch(x, y))


def mlp(rate, *, optimizer=None, **dense):
    keras.utils.set_random_seed(3)
    drop = [] if rate is None else [layers.Dropout(rate)]
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(8, **dense), *drop, layers.Dense(1)]
    )
    model.compile(optimizer or keras.optimizers.Adam(0.01), "mse")
    return model


def zero(y, prediction):
    """A loss without gradients: whatever moves the weights is decay."""
    return 0.0 * ops.sum(prediction, axis=-1)


def norm_net(optimizer):
    inputs = keras.Input((6,))
    x = layers.Dense(4, name="first")(inputs)
    inner = keras.Sequential([keras.Input((4,)), layers.BatchNormalization()])
    model = keras.Model(inputs, layers.Dense(1, name="last")(inner(x)))
    model.compile(optimizer, zero)
    for weight in model.trainable_weights:
        weight.assign(np.ones(weight.shape))
    return model


def shrinkage(model):
    """What one step multiplies each trainable weight by, by `layer/name`."""
    before = [ops.convert_to_numpy(w).copy() for w in model.trainable_weights]
    step(model, X[:, 0])
    return {
        "/".join(w.path.split("/")[-2:]): float((ops.convert_to_numpy(w) / b).mean())
        for w, b in zip(model.trainable_weights, before, strict=True)
    }


def shrunk(model):
    return {name: ratio for name, ratio in shrinkage(model).items() if abs(ratio - 1) > 1e-6}


OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "adam": lambda: keras.optimizers.Adam(0.1),
    "scaled": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)),
    "several": lambda: keras.optimizers.MultiOptimizer(
        keras.optimizers.OptimizerMap(
            keras.optimizers.SGD(0.1), {"first/.*": keras.optimizers.Adam(0.1)}
        )
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_decay_shrinks_kernels_alone(name):
    model = norm_net(OPTIMIZERS[name]())
    step(model, X[:, 0])
    assert set_weight_decay(model, 0.2) is model
    found = shrunk(model)
    assert sorted(found.values()) == pytest.approx([1 - 0.1 * 0.2] * 2, rel=1e-5)
    assert all(key.endswith("kernel") for key in found)


def test_the_optimizers_own_decay_and_exclusions_come_back():
    optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.3)
    optimizer.exclude_from_weight_decay(var_names=["gamma"])
    model = norm_net(optimizer)
    model.get_layer("last").bias.assign([1.0])
    own = shrunk(model)
    assert len(own) == 5  # two kernels, two biases, beta
    assert list(own.values()) == pytest.approx([0.97] * 5, rel=1e-5)
    set_weight_decay(model, 0.5, exclude="last")
    found = shrunk(model)
    assert list(found.values()) == pytest.approx([0.95] * 3, rel=1e-5)
    assert not any(key.startswith("last") or key.endswith("gamma") for key in found)
    set_weight_decay(model, 0.0)
    assert shrunk(model) == {}
    set_weight_decay(model, None)
    assert shrunk(model) == pytest.approx(own, rel=1e-5)


def test_nothing_excluded():
    model = norm_net(keras.optimizers.SGD(0.1))
    set_weight_decay(model, 0.2, exclude=())
    assert len(shrunk(model)) == 6


def test_penalties_go_with_0_and_come_back():
    regularizer = keras.regularizers.L2(0.5)
    model = mlp(
        None,
        optimizer=keras.optimizers.SGD(0.0),
        kernel_regularizer=regularizer,
        bias_regularizer="l2",
    )
    x = X[:, 0]
    plain = float(np.mean((model.predict_on_batch(x) - Y) ** 2))
    kernel = ops.convert_to_numpy(model.layers[0].kernel)
    full = plain + 0.5 * float((kernel**2).sum())
    for value, loss in ((0.0, plain), (0.1, full), (0.0, plain), (None, full)):
        set_weight_decay(model, value)
        assert step(model, x) == pytest.approx(loss, rel=1e-5)
        assert float(model.test_on_batch(x, Y)) == pytest.approx(loss, rel=1e-5)
    assert regularizer.l2 == 0.5
    assert model.layers[0].kernel.regularizer is regularizer


@pytest.mark.parametrize(
    ("value", "exclude"),
    [(-1.0, ()), (True, ()), ("a", ()), (float("inf"), ()), (0.1, (1,)), (0.1, ("",))],
)
def test_impossible_decays(value, exclude):
    with pytest.raises(InputError):
        set_weight_decay(mlp(None), value, exclude)


def test_decay_needs_an_optimizer():
    model = keras.Sequential([keras.Input((6,)), layers.Dense(1, kernel_regularizer="l2")])
    with pytest.raises(InputError, match="compile"):
        set_weight_decay(model, 0.1)
    set_weight_decay(model, 0.0)
    assert model.losses == []
    set_weight_decay(model, None)
    assert len(model.losses) == 1


def test_it_is_known_whether_weights_are_left_out():
    model = mlp(None)
    assert not leaves_out(model)
    assert leaves_out(set_weight_decay(model, 0.1))
    assert not leaves_out(set_weight_decay(mlp(None), 0.1, exclude=()))
