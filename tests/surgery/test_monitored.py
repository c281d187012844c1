"""What callbacks watch, read off Keras's own."""

import warnings

import keras
import numpy as np
import pytest
import specimens

from keras_recipe.data.batch import Batch
from keras_recipe.model import RecipeModel
from keras_recipe.surgery.monitored import better, logged_names, may_add_logs, monitored
from keras_recipe.surgery.preserve import preserve

callbacks, metrics = keras.callbacks, keras.metrics


def compiled(*given, **settings):
    made = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    made.compile("sgd", settings.pop("loss", "binary_crossentropy"), metrics=list(given))
    return made


def rows(count=8):
    x = np.random.default_rng(0).normal(size=(count, 4)).astype("float32")
    return Batch(x, (x[:, :1] > 0).astype("float32"), None)


def known(model):
    some = rows()
    return logged_names(model, some, model.predict_on_batch(some.x))


def test_the_logs_are_named_as_fit_names_them():
    model = compiled("accuracy", metrics.AUC(name="area"), "mae")
    history = model.fit(*rows().parts()[:2], verbose=0)
    fresh = compiled("accuracy", metrics.AUC(name="area"), "mae")
    with preserve(fresh):
        assert known(fresh) == set(history.history)


@pytest.mark.parametrize(
    ("given", "name", "way"),
    [
        ("accuracy", "val_accuracy", "max"),
        ("accuracy", "val_loss", "min"),
        (metrics.AUC(name="area"), "val_area", "max"),
        ("mae", "val_mae", "min"),
        (metrics.R2Score(), "r2_score", "max"),
        ("accuracy", "val_acc", ""),
        (metrics.CosineSimilarity(), "val_cosine_similarity", ""),
    ],
)
def test_keras_own_metrics_are_better_one_way(given, name, way):
    model = compiled(given)
    model.fit(*rows().parts()[:2], verbose=0)
    assert better(model, name) == way


def test_a_metric_of_the_users_own_may_be_better_either_way():
    def accuracy_of_mine(y, p):
        return keras.ops.mean(y * p)

    model = compiled(accuracy_of_mine)
    model.fit(*rows().parts()[:2], verbose=0)
    assert better(model, "val_accuracy_of_mine") == ""


def test_the_logs_of_a_step_of_the_users_own_are_not_known():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def train_step(self, *args, **kwargs):
            return super().train_step(*args, **kwargs)

    model = Own()
    model.compile("sgd", "mse")
    assert known(model) == set()
    assert better(model, "val_loss") == ""


@pytest.mark.parametrize(
    ("name", "names", "validated", "logged"),
    [
        ("val_accuracy", {"loss", "accuracy"}, True, True),
        ("val_accuracy", {"loss", "accuracy"}, False, False),
        ("val_accuracy", {"loss", "accuracy"}, None, None),
        ("accuracy", {"loss", "accuracy"}, False, True),
        ("val_acc", {"loss", "accuracy"}, True, False),
        ("val_acc", set(), True, None),
        ("learning_rate", {"loss"}, True, None),
    ],
)
def test_whether_a_name_is_logged(name, names, validated, logged):
    stop = callbacks.EarlyStopping(name, mode="min")
    found = monitored(compiled("accuracy"), [stop], names, validated=validated)
    assert [one["logged"] for one in found] == [logged]


def test_only_what_a_log_decides_about_is_listed(tmp_path):
    every = callbacks.ModelCheckpoint(tmp_path / "all.keras")
    best = callbacks.ModelCheckpoint(tmp_path / "best.keras", save_best_only=True)
    given = [every, best, callbacks.ReduceLROnPlateau(), callbacks.TerminateOnNaN()]
    found = monitored(compiled(), given, {"loss"}, validated=True)
    assert [one["kind"] for one in found] == ["ModelCheckpoint", "ReduceLROnPlateau"]


def test_callbacks_of_the_users_own_may_log_more():
    class Own(callbacks.Callback):
        pass

    assert may_add_logs([Own()])
    assert may_add_logs([callbacks.LambdaCallback()])
    assert not may_add_logs([callbacks.EarlyStopping(), callbacks.TerminateOnNaN()])


def test_check_and_fit_both_see_a_loss_read_upside_down():
    x, y = specimens.digits()
    model = RecipeModel(specimens.classifier())
    stop = callbacks.EarlyStopping("val_loss", mode="max", patience=1)
    fit = {"validation_data": (x, y), "epochs": 6, "callbacks": [stop]}
    assert model.check(x, y, select=["KR415"], **fit)["KR415"].status == "fail"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the FAIL is said aloud, too
        model.fit(x, y, verbose=0, **fit)
    assert "after 2 of 6 epochs" in model.report["KR415"].message
