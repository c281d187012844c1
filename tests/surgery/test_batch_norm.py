import keras
import numpy as np
from keras import layers as L

from keras_recipe.surgery.batch_norm import settle


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
