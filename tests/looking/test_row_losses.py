import keras
import numpy as np
import pytest
from keras import layers
from specimens import SPARSE, classifier, compiled, digits, one_hot

from keras_recipe.data.batch import Batch
from keras_recipe.data.statistics import measure
from keras_recipe.looking import row_losses
from keras_recipe.loss import data_loss, predict
from keras_recipe.surgery.preserve import preserve
from keras_recipe.task import infer_task


def own_mean(y_true, y_pred):
    return keras.ops.mean(keras.losses.sparse_categorical_crossentropy(y_true, y_pred))


def own_rows(y_true, y_pred):
    return 2 * keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


def losses(model, batch):
    outputs = predict(model, batch.x)
    head = infer_task(model, measure([batch]).y, outputs).heads[0]
    with preserve(model):
        return row_losses.row_losses(model, head, batch, outputs), outputs


@pytest.mark.parametrize(
    "loss",
    [
        SPARSE,
        "crossentropy",
        keras.losses.SparseCategoricalCrossentropy(ignore_class=3),
        own_rows,
        own_mean,
        "categorical_crossentropy",
        keras.losses.CategoricalFocalCrossentropy(gamma=3.0),
        keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    ],
    ids=lambda loss: getattr(loss, "name", None) or getattr(loss, "__name__", loss),
)
def test_a_row_costs_what_the_models_own_loss_says_of_it_alone(loss):
    x, y = digits()
    model = classifier(loss=loss)
    wide = (
        "ategorical" in str(loss) + type(loss).__name__
        and "parse" not in str(loss) + type(loss).__name__
    )
    batch = Batch(x[:12], one_hot(y[:12]) if wide else y[:12])
    found, outputs = losses(model, batch)
    with preserve(model):
        for row in (0, 3, 7):
            alone = batch.take(slice(row, row + 1))
            expected = data_loss(model, alone, outputs[row : row + 1])
            assert found[row] == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy"])
def test_labels_without_a_last_axis_count_row_by_row(loss, monkeypatch):
    monkeypatch.setattr(row_losses, "MOST_ALONE", 0)  # all at once, then
    model = compiled(layers.Dense(1, activation="sigmoid"), shape=(3,), loss=loss)
    x, y = np.random.default_rng(0).random((6, 3), "float32"), np.arange(6, dtype="float32") % 2
    found, outputs = losses(model, Batch(x, y))
    if loss == "mse":
        np.testing.assert_allclose(found, (outputs[:, 0] - y) ** 2, rtol=1e-5)
    assert np.isfinite(found).all()


def test_a_row_without_a_prediction_has_no_loss_and_spoils_no_other():
    model = compiled(
        layers.Dense(1, activation="sigmoid"), shape=(3,), loss="binary_crossentropy"
    )
    x, y = np.ones((4, 3), "float32"), np.ones(4, "float32")
    x[1, 0] = np.nan
    found, _ = losses(model, Batch(x, y))
    assert np.isfinite(found).tolist() == [True, False, True, True]


def test_scoring_one_by_one_ends_somewhere(monkeypatch):
    monkeypatch.setattr(row_losses, "MOST_ALONE", 3)
    x, y = digits()
    found, _ = losses(classifier(loss=own_mean), Batch(x[:5], y[:5]))
    assert np.isfinite(found).tolist() == [True] * 3 + [False] * 2


def test_there_is_no_loss_without_one():
    x, y = digits()
    plain = keras.Sequential([keras.Input((64,)), layers.Dense(10)])
    assert losses(plain, Batch(x[:4], y[:4]))[0] is None
