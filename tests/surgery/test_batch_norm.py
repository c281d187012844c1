import keras
import numpy as np
from keras import layers as L

from keras_recipe.surgery.batch_norm import lower_momentum, normalizations, settle


def test_the_statistics_are_those_of_the_rows_and_the_momentum_stays():
    norm = L.BatchNormalization(momentum=0.97)
    model = keras.Sequential([keras.Input((3,)), norm])
    x = np.random.RandomState(0).normal(5, 2, (64, 3)).astype("float32")
    settle(model, x)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(norm.moving_mean), x.mean(0), rtol=1e-4
    )
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(norm.moving_variance), x.var(0), rtol=1e-3
    )
    assert norm.momentum == 0.97


def test_a_lower_momentum_takes_effect_in_training():
    slow, swift = L.BatchNormalization(momentum=0.999), L.BatchNormalization(momentum=0.5)
    model = keras.Sequential([keras.Input((3,)), slow, L.Dense(3), swift])
    model.compile("sgd", "mse")
    x = np.full((32, 3), 4.0, "float32")
    model.fit(x, x, verbose=0)
    before = keras.ops.convert_to_numpy(slow.moving_mean)
    lower_momentum(model, 0.9)
    assert [layer.momentum for _, layer in normalizations(model)] == [0.9, 0.5]
    model.fit(x, x, verbose=0)
    after = keras.ops.convert_to_numpy(slow.moving_mean)
    np.testing.assert_allclose(after, 0.9 * before + 0.1 * 4.0, rtol=1e-4)
