"""Saving, copying and exporting a `RecipeModel`."""

import copy
import json
import pickle

import keras
import numpy as np
import pytest
from wrapped import (
    BUILDERS,
    Halved,
    X,
    Y,
    assert_equal,
    assert_same_training,
    compiled,
    functional,
    sequential,
    trained,
    unbuilt,
    values,
    wrap,
)

from keras_recipe.core.report import Report
from keras_recipe.model import RecipeModel


def state(model):
    return values(*model.variables, *model.optimizer.variables)


def through_file(model, folder):
    model.save(folder / "model.keras")
    return keras.saving.load_model(folder / "model.keras")


def through_pickle(model, folder):
    return pickle.loads(pickle.dumps(model))


def through_deepcopy(model, folder):
    return copy.deepcopy(model)


def test_resumed_training_continues_bit_for_bit(tmp_path):
    interrupted = wrap(sequential, optimizer="adam")
    trained(interrupted, epochs=1, recipe="off")
    resumed = through_file(interrupted, tmp_path)
    assert_equal(state(resumed), state(interrupted))  # the seeds of Dropout among them
    assert int(values(resumed.optimizer.iterations)[0]) == 3
    for model in (resumed, interrupted):
        model.evaluate(X, Y, verbose=0)  # on torch, building the metrics draws numbers
    assert_same_training(trained(resumed, recipe="off"), trained(interrupted, recipe="off"))


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("again", [through_file, through_pickle, through_deepcopy])
def test_every_kind_of_model_comes_back_from_file_pickle_and_copy(again, build, tmp_path):
    wrapped = wrap(build, optimizer="adam")
    wrapped(X)
    wrapped.optimizer.build(wrapped.trainable_variables)
    for variable in (*wrapped.variables, *wrapped.optimizer.variables):
        variable.assign(variable + 1)
    back = again(wrapped, tmp_path)
    assert type(back) is RecipeModel
    assert type(back.model) is type(wrapped.model)
    assert back.name == wrapped.name
    assert back.report is None
    assert back.loss == wrapped.loss
    assert_equal(state(back), state(wrapped))
    assert_equal(values(back(X)), values(wrapped(X)))


def test_loading_without_compiling_compiles_nothing(tmp_path):
    wrapped = wrap(functional)
    wrapped.save(tmp_path / "model.keras")
    back = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    assert back.compiled is back.model.compiled is False
    assert_equal(back.get_weights(), wrapped.get_weights())


def test_an_uncompiled_model_stays_uncompiled(tmp_path):
    back = through_file(RecipeModel(functional()), tmp_path)
    assert back.compiled is False


def test_the_report_is_not_saved(tmp_path):
    wrapped = wrap(functional)
    wrapped._report = Report()
    assert through_file(wrapped, tmp_path).report is None


def test_weights_files_are_the_inner_models(tmp_path):
    path = tmp_path / "model.weights.h5"
    wrapped = RecipeModel(Halved())
    wrapped(X)
    wrapped.save_weights(path)
    plain = Halved()
    plain(X)
    plain.load_weights(path)
    assert_equal(plain.get_weights(), wrapped.get_weights())
    plain.hidden.bias.assign(np.ones(8))
    plain.save_weights(path)
    wrapped.load_weights(path)
    assert_equal(plain.get_weights(), wrapped.get_weights())


def test_a_checkpoint_of_the_whole_model_loads(tmp_path):
    path = tmp_path / "epoch.keras"
    wrapped = wrap(functional)
    keep = keras.callbacks.ModelCheckpoint(path)
    wrapped.fit(X, Y, verbose=0, recipe="off", callbacks=[keep])
    assert_equal(keras.saving.load_model(path).get_weights(), wrapped.get_weights())
    fresh = wrap(functional)
    fresh.optimizer.build(fresh.trainable_variables)
    fresh.load_weights(path)
    assert_equal(fresh.get_weights(), wrapped.get_weights())


@pytest.mark.parametrize("build", [functional, unbuilt])
def test_a_clone_has_the_architecture_and_weights_of_its_own(build):
    wrapped = RecipeModel(build())
    wrapped(X)
    clone = keras.models.clone_model(wrapped)
    assert type(clone) is RecipeModel
    assert [v.shape for v in clone.weights] == [v.shape for v in wrapped.weights]
    assert not {id(v) for v in clone.weights} & {id(v) for v in wrapped.weights}
    clone.set_weights(wrapped.get_weights())
    assert_equal(values(clone(X)), values(wrapped(X)))


def test_config_and_json_round_trips():
    wrapped = RecipeModel(functional(), name="mine")
    for back in (
        RecipeModel.from_config(wrapped.get_config()),
        keras.models.model_from_json(wrapped.to_json()),
    ):
        assert back.name == "mine"
        assert json.loads(back.to_json()) == json.loads(wrapped.to_json())
        assert [v.shape for v in back.weights] == [v.shape for v in wrapped.weights]


def test_best_weights_of_a_search_load_into_a_new_wrapper(tmp_path):
    """KerasTuner's way: a callback saves the weights, a rebuilt model loads them."""
    path = str(tmp_path / "checkpoint.weights.h5")

    class SaveBest(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.save_weights(path)

    best = wrap(functional, optimizer="adam")
    assert isinstance(best, keras.models.Model)
    best.fit(X, Y, verbose=0, recipe="off", callbacks=[SaveBest()])
    rebuilt = wrap(functional, optimizer="adam")
    rebuilt.optimizer.build(rebuilt.trainable_variables)
    rebuilt.load_weights(path)
    assert_equal(state(rebuilt), state(best))


def loaded_saved_model(path, x):
    tf = pytest.importorskip("tensorflow")
    loaded = tf.saved_model.load(path)  # owns the variables that `serve` reads
    return loaded.serve(x).numpy()


def loaded_program(path, x):
    torch = pytest.importorskip("torch")
    return torch.export.load(path).module()(torch.from_numpy(x)).detach().numpy()


@pytest.mark.filterwarnings(  # Keras 3.15 passes it to jax2tf; JAX 0.10 deprecates it
    "ignore:The `native_serialization` parameter:DeprecationWarning"
)
def test_export_is_the_inner_models(tmp_path):
    on_torch = keras.backend.backend() == "torch"  # each has its own format
    form, load = (
        ("torch", loaded_program) if on_torch else ("tf_saved_model", loaded_saved_model)
    )
    wrapped, path = RecipeModel(compiled(functional)), str(tmp_path / "export.pt2")
    wrapped.export(path, format=form, verbose=False)
    np.testing.assert_allclose(load(path, X[:1]), *values(wrapped(X[:1])), atol=1e-6)
