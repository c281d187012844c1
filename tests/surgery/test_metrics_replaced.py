"""Other metrics, the same training."""

import keras
import numpy as np
from keras import layers as L
from specimens import compiled

from keras_recipe.surgery.metrics import replace_metrics

X = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
Y = X[:, :1]


def test_loss_and_optimizer_go_on_as_before():
    model = compiled(L.Dense(1), shape=(3,), loss="huber", metrics=["accuracy"])
    model.fit(X, Y, verbose=0)
    optimizer = model.optimizer
    replace_metrics(model, lambda: ["mae", keras.metrics.R2Score()])
    assert model.optimizer is optimizer
    assert model.loss == "huber"
    found = model.fit(X, Y, verbose=0).history
    assert set(found) == {"loss", "mae", "r2_score"}
    assert int(keras.ops.convert_to_numpy(optimizer.iterations)) == 2
