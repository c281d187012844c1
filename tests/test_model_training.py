"""Training through a `RecipeModel` is training the model in it, bit for bit."""

import contextlib

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers
from wrapped import (
    BUILDERS,
    LOSS,
    WEIGHT,
    Halved,
    X,
    Y,
    alone,
    assert_equal,
    assert_same_training,
    compiled,
    fit_arrays,
    functional,
    tiny,
    trained,
    wrap,
)

from keras_recipe.model import RecipeModel


def off(fit=fit_arrays):
    """The same `fit` of a wrapper with no recipe."""
    return lambda model, **settings: fit(model, recipe="off", **settings)


@pytest.mark.parametrize("build", BUILDERS)
def test_plain_fit_is_the_inner_fit_bit_for_bit(build):
    history, _ = alone(build)
    assert set(history) == {"loss", "accuracy"}
    assert len(history["loss"]) == 2
    assert_same_training(alone(build), trained(wrap(build), off()))


@pytest.mark.parametrize("build", BUILDERS)
def test_a_watched_fit_is_the_inner_fit_bit_for_bit(build):
    assert_same_training(alone(build), trained(wrap(build)))


def test_a_custom_train_step_and_loss_are_the_ones_used():
    wrapped = wrap(Halved)
    likelihood = keras.ops.convert_to_numpy(wrapped(X))[np.arange(len(Y)), Y]
    assert not wrapped.model.traces
    # one step on all rows: its loss is that before the step, up to dropout
    wrapped.set_dropout(0.0)
    history = wrapped.fit(X, Y, batch_size=len(Y), verbose=0, recipe="off").history
    assert history["loss"][0] == pytest.approx(0.5 * -np.log(likelihood).mean(), rel=1e-4)
    assert wrapped.model.traces


def twins(build, fit=fit_arrays, compile_settings=None, **settings):
    """The training of the same model, alone and wrapped."""
    keras.utils.set_random_seed(1)
    plain = trained(compiled(build, **(compile_settings or {})), fit, **settings)
    return plain, trained(wrap(build, **(compile_settings or {})), off(fit), **settings)


# Every kind of data and weight


def test_sample_weights_and_a_validation_split():
    def fit(model, epochs, batch_size, verbose, **settings):
        return model.fit(X, Y, batch_size, epochs, verbose, None, 0.25, **settings)

    plain, inside = twins(tiny, fit, sample_weight=WEIGHT)
    assert_same_training(plain, inside)
    assert set(plain[0]) == {"loss", "accuracy", "val_loss", "val_accuracy"}


def test_class_weights_are_sample_weights_by_label():
    by_class = trained(wrap(tiny), off(), class_weight={0: 1.0, 1: 5.0})
    by_row = trained(wrap(tiny), off(), sample_weight=np.where(Y, 5.0, 1.0))
    assert by_class[0]["loss"] == pytest.approx(by_row[0]["loss"], rel=1e-6)
    assert by_class[0]["loss"][0] > 1.5 * alone(tiny)[0]["loss"][0]


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        rows = slice(16 * index, 16 * index + 16)
        return X[rows], Y[rows]


def rows():
    while True:
        for start in (0, 16, 32):
            yield X[start : start + 16], Y[start : start + 16]


def py_dataset():
    return {"x": Batches()}


def generator():
    return {"x": rows(), "steps_per_epoch": 3}


def tf_data():
    tf = pytest.importorskip("tensorflow")
    return {"x": tf.data.Dataset.from_tensor_slices((X, Y)).batch(16)}


def data_loader():
    torch = pytest.importorskip("torch")
    pairs = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    return {"x": torch.utils.data.DataLoader(pairs, batch_size=16)}


def data_frame():
    return {"x": pd.DataFrame(X, columns=list("abcd")), "y": pd.Series(Y), "batch_size": 16}


@pytest.mark.parametrize("data", [py_dataset, generator, tf_data, data_loader, data_frame])
def test_every_kind_of_data_trains_as_the_arrays_do(data):
    def fit(model, batch_size, **settings):
        return model.fit(**data(), **settings)

    history, state = trained(wrap(tiny), off(fit))
    for name, losses in alone(tiny)[0].items():
        assert history[name] == pytest.approx(losses, rel=1e-5)
    for found, expected in zip(state, alone(tiny)[1], strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def two_heads():
    inputs = {"a": keras.Input((4,), name="a"), "b": keras.Input((4,), name="b")}
    joined = layers.Concatenate()([inputs["a"], inputs["b"]])
    outputs = {
        "kind": layers.Dense(2, "softmax", name="kind")(joined),
        "size": layers.Dense(1, name="size")(joined),
    }
    return keras.Model(inputs, outputs)


def test_dictionaries_go_in_and_come_out():
    def fit(model, **settings):
        inputs = {"a": X, "b": X[:, ::-1]}
        targets = {"kind": Y, "size": X[:, :1]}
        weights = {"kind": WEIGHT, "size": WEIGHT[::-1]}
        return model.fit(inputs, targets, sample_weight=weights, **settings)

    settings = {
        "run_eagerly": True,
        "loss": {"kind": LOSS, "size": "mse"},
        "loss_weights": {"kind": 1.0, "size": 0.25},
        "metrics": {"kind": ["accuracy"], "size": ["mae"]},
    }
    plain, inside = twins(two_heads, fit, settings)
    assert_same_training(plain, inside)
    assert {"kind_loss", "size_mae"} <= set(plain[0])

    wrapped = wrap(two_heads, **settings)
    assert wrapped.output_names == wrapped.model.output_names
    assert {tensor.name for tensor in wrapped.inputs} == {"a", "b"}
    found = wrapped.predict({"a": X, "b": X}, verbose=0)
    expected = wrapped.model({"a": X, "b": X})
    assert set(found) == {"kind", "size"}
    for key, value in found.items():
        wanted = keras.ops.convert_to_numpy(expected[key])
        np.testing.assert_allclose(value, wanted, atol=1e-6)


# Every way to compile


def test_steps_per_execution_is_the_inner_models_or_its_refusal():
    def outcome(model, **recipe):
        try:
            return trained(model, lambda m, **s: m.fit(X, Y, **recipe, **s))
        except ValueError as refusal:  # Keras's, on torch
            return str(refusal)

    settings = {"steps_per_execution": 3, "run_eagerly": False}
    keras.utils.set_random_seed(1)
    plain = outcome(compiled(tiny, **settings))
    wrapped = wrap(tiny, **settings)
    inside = outcome(wrapped, recipe="off")
    assert wrapped.steps_per_execution == 3
    if isinstance(plain, str):
        assert "steps_per_execution" in plain
        assert inside == plain
    else:
        assert_same_training(plain, inside)


def test_jit_compile_is_the_inner_models():
    wrapped = wrap(functional, jit_compile=True)
    assert wrapped.jit_compile is wrapped.model.jit_compile is True
    wrapped.compile("sgd", LOSS, jit_compile=False)
    assert wrapped.jit_compile is wrapped.model.jit_compile is False


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="inductor needs a C++ compiler at run time"
)
def test_jit_compiled_training():
    assert_same_training(
        *twins(tiny, compile_settings={"jit_compile": True, "run_eagerly": False})
    )


@contextlib.contextmanager
def dtype_policy(name):
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy("float32")


def mixed():
    with dtype_policy("mixed_float16"):
        return tiny()


def kind(tensor):
    return keras.backend.standardize_dtype(tensor.dtype)


def test_mixed_precision_is_the_inner_models():
    assert_same_training(*twins(mixed, epochs=1))
    wrapped = wrap(mixed)
    assert isinstance(wrapped.optimizer, keras.optimizers.LossScaleOptimizer)
    assert wrapped.compute_dtype == kind(wrapped(X)) == "float16"


def test_the_policy_when_wrapping_does_not_matter():
    inner = keras.Sequential([layers.Identity()])
    with dtype_policy("float16"):
        wrapped = RecipeModel(inner)
    assert kind(wrapped(X)) == wrapped.compute_dtype == "float32"
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(wrapped(X)), X)


# Callbacks


def test_learning_rate_schedule_and_early_stopping():
    callbacks = [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5),
        keras.callbacks.EarlyStopping("loss", mode="max", restore_best_weights=True),
    ]
    wrapped = wrap(tiny)
    once = wrap(tiny)
    history, _ = trained(wrapped, off(), callbacks=callbacks, epochs=4)
    assert len(history["loss"]) == 2  # it falls, which `max` calls getting worse
    assert history["learning_rate"] == pytest.approx([0.005, 0.0025])
    trained(once, off(), callbacks=callbacks[:1], epochs=1)
    assert_equal(wrapped.get_weights(), once.get_weights())  # those of the "best" epoch


def test_checkpointed_weights_load_into_wrapper_and_inner_alike(tmp_path):
    path = tmp_path / "best.weights.h5"
    keep = keras.callbacks.ModelCheckpoint(path, save_weights_only=True)
    wrapped = wrap(Halved, run_eagerly=True)
    wrapped.fit(X, Y, verbose=0, recipe="off", callbacks=[keep])
    for model in (Halved(), RecipeModel(Halved())):
        model(X)
        model.load_weights(path)
        assert_equal(model.get_weights(), wrapped.get_weights())


class Watcher(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.seen = self.model
        self.weights = self.model.get_weights()


def test_callbacks_meet_the_inner_model_and_the_wrapper_can_stop_it():
    class Stop(Watcher):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            wrapped.stop_training = True

    wrapped, stop = wrap(tiny), Stop()
    history = wrapped.fit(X, Y, epochs=5, verbose=0, recipe="off", callbacks=stop)
    assert stop.seen is wrapped.model
    assert len(history.epoch) == 1
    assert wrapped.history is history
    assert wrapped.stop_training is True


def test_callbacks_over_the_wrapper_read_the_weights_of_the_epoch():
    wrapped, watcher = wrap(tiny), Watcher()
    before = wrapped.get_weights()
    callbacks = keras.callbacks.CallbackList([watcher], add_history=True, model=wrapped)
    wrapped.fit(X, Y, verbose=0, recipe="off", callbacks=callbacks)
    assert any((a != b).any() for a, b in zip(before, watcher.weights, strict=True))
    assert_equal(watcher.weights, wrapped.get_weights())


# The other methods


def test_batch_methods_and_evaluate():
    keras.utils.set_random_seed(1)
    plain = compiled(tiny)
    wrapped = wrap(tiny)
    for method in ("train_on_batch", "test_on_batch"):
        expected = getattr(plain, method)(X, Y, return_dict=True)
        assert getattr(wrapped, method)(X, Y, return_dict=True) == expected
        assert set(expected) == {"loss", "accuracy"}
    np.testing.assert_array_equal(plain.predict_on_batch(X), wrapped.predict_on_batch(X))
    expected = plain.evaluate(X, Y, verbose=0, return_dict=True)
    assert wrapped.evaluate(X, Y, verbose=0, return_dict=True) == expected
    assert wrapped.evaluate(X, Y, verbose=0) == [expected["loss"], expected["accuracy"]]


def test_forced_functions_are_the_inner_models():
    wrapped = wrap(functional)
    wrapped.make_train_function()
    before = wrapped.train_function
    wrapped.make_train_function(force=True)
    assert wrapped.train_function is wrapped.model.train_function
    assert wrapped.train_function is not before
