"""`RecipeModel` is the model it wraps: same weights, same structure, same sentences."""

import keras
import numpy as np
import pytest
from keras import layers
from wrapped import (
    LOSS,
    X,
    Y,
    assert_equal,
    compiled,
    functional,
    sequential,
    unbuilt,
    values,
    wrap,
)

from keras_recipe.core.errors import ConfigError, InputError
from keras_recipe.model import ARCHITECTURE, TRAINING, WEIGHTS, Forwarded, RecipeModel

#: Names of `keras.Model` that the wrapper keeps to itself, or that only a layer's author uses.
OWN = {
    "fit", "call", "name", "path", "save", "to_json", "get_config", "from_config",
    "get_build_config", "build_from_config", "save_own_variables", "load_own_variables",
    "add_weight", "add_variable", "add_metric", "activity_regularizer", "symbolic_call",
    "call_signature_parameters", "quantized_build", "quantized_call", "rematerialized_call",
}  # fmt: skip


def test_every_name_of_a_keras_model_is_forwarded_or_kept_on_purpose():
    torch_names = {
        name
        for base in keras.Model.__mro__
        if base.__name__ in ("Module", "TorchLayer")
        for name in (*vars(base), "training")
    }
    names = {n for n in {*dir(keras.Model), *vars(compiled(sequential))} if n[0] != "_"}
    forwarded = {*TRAINING, *ARCHITECTURE, *WEIGHTS}
    assert names - torch_names - forwarded - OWN == set()
    assert not forwarded & OWN
    assert all(isinstance(vars(RecipeModel)[name], Forwarded) for name in forwarded)


def test_wrapping_changes_nothing_of_a_compiled_and_trained_model():
    model = compiled(functional)
    model.fit(X, Y, verbose=0)
    names = ("optimizer", "loss", "train_function", "history", "jit_compile", "compiled")
    before = {name: getattr(model, name) for name in names}
    state = values(*model.variables, *model.optimizer.variables)
    wrapped = RecipeModel(model)
    assert wrapped.model is model
    for name, value in before.items():
        assert getattr(model, name) is value
        assert getattr(wrapped, name) is value
    assert_equal(values(*wrapped.variables, *wrapped.optimizer.variables), state)
    assert wrapped.metrics_names == model.metrics_names == ["loss", "compile_metrics"]


def test_compile_on_the_wrapper_compiles_the_inner_model():
    wrapped = RecipeModel(functional())
    assert wrapped.compiled is False
    assert not hasattr(wrapped, "optimizer")
    wrapped.compile("sgd", LOSS)
    assert wrapped.compiled is wrapped.model.compiled is True
    assert wrapped.optimizer is wrapped.model.optimizer
    assert wrapped.loss == LOSS


def test_what_is_set_on_the_wrapper_is_set_on_the_inner_model():
    wrapped = wrap(functional)
    wrapped.trainable = False
    assert wrapped.trainable_variables == wrapped.model.trainable_variables == []
    wrapped.run_eagerly = True
    assert wrapped.model.run_eagerly is True
    optimizer = wrapped.optimizer = keras.optimizers.SGD()
    assert wrapped.model.optimizer is optimizer


def test_weights_are_seen_once():
    wrapped = RecipeModel(sequential())
    assert wrapped.count_params() == wrapped.model.count_params() == 4 * 8 + 8 + 32 + 8 * 2 + 2
    assert wrapped.variables == wrapped.model.variables
    assert len({id(v) for v in wrapped.weights}) == len(wrapped.weights)


def test_an_unbuilt_model_is_built_by_its_first_data_under_its_own_names():
    wrapped = RecipeModel(unbuilt())
    assert not wrapped.built
    wrapped(X)
    assert wrapped.built
    assert wrapped.model.built
    name, first, second = wrapped.model.name, *(layer.name for layer in wrapped.layers)
    assert [v.path for v in wrapped.weights] == [
        f"{name}/{layer}/{kind}" for layer in (first, second) for kind in ("kernel", "bias")
    ]


def test_build_builds_the_inner_model():
    wrapped = RecipeModel(unbuilt())
    wrapped.build((None, 4))
    assert wrapped.model.built
    assert wrapped.count_params() == 4 * 8 + 8 + 8 * 2 + 2


def test_architecture_is_the_inner_models():
    wrapped = RecipeModel(functional())
    assert wrapped.layers == wrapped.model.layers
    assert wrapped.get_layer(index=1) is wrapped.model.layers[1]
    assert wrapped.input_shape == (None, 4)
    assert wrapped.output_shape == wrapped.compute_output_shape((None, 4)) == (None, 2)
    half = keras.Model(wrapped.inputs, wrapped.get_layer(index=1).output)
    assert half.output_shape == (None, 8)


def test_summary_is_the_inner_models():
    wrapped, lines, expected = RecipeModel(compiled(sequential)), [], []
    wrapped.summary(print_fn=lambda line, **_: lines.append(line))
    wrapped.model.summary(print_fn=lambda line, **_: expected.append(line))
    assert lines == expected
    assert "BatchNormalization" in "".join(lines)


def test_calling_passes_training_on():
    wrapped = RecipeModel(keras.Sequential([layers.Dropout(0.5)]))
    ones = np.ones((4, 100), "float32")
    assert (keras.ops.convert_to_numpy(wrapped(ones)) == 1).all()
    assert (keras.ops.convert_to_numpy(wrapped(ones, training=True)) == 0).any()


class MaskedMean(keras.Model):
    supports_masking = True

    def call(self, inputs, mask=None):
        kept = keras.ops.ones_like(inputs) if mask is None else mask
        kept = keras.ops.cast(kept, "float32")
        return keras.ops.sum(inputs * kept, 1) / keras.ops.sum(kept, 1)


def test_calling_passes_masks_on():
    wrapped = RecipeModel(MaskedMean())
    x = np.array([[1.0, 3.0, 8.0]], "float32")
    assert float(wrapped(x)[0]) == 4.0
    assert float(wrapped(x, mask=np.array([[True, True, False]]))[0]) == 2.0


def test_a_stateless_call_is_the_inner_models():
    wrapped = RecipeModel(functional())
    doubled = [2 * v.value for v in wrapped.trainable_variables]
    found, _ = wrapped.stateless_call(doubled, wrapped.non_trainable_variables, X)
    for variable in wrapped.model.trainable_variables:
        variable.assign(2 * variable.value)
    assert_equal(values(found), values(wrapped(X)))


def test_a_wrapper_is_a_layer_of_another_model():
    wrapped = RecipeModel(functional())
    outer = keras.Sequential([keras.Input((4,)), wrapped, layers.Dense(3)])
    found, expected = values(outer(X), outer.layers[-1](wrapped(X)))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert outer.count_params() == wrapped.count_params() + 2 * 3 + 3


def test_quantize_is_the_inner_models():
    wrapped = RecipeModel(keras.Sequential([layers.Dense(8)]))
    wrapped.build((None, 4))
    wrapped.quantize("int8", filters=lambda layer: isinstance(layer, layers.Dense))
    assert wrapped.layers[0].quantization_mode == "int8"


# What is refused


@pytest.mark.parametrize(
    "wrong", [None, "model.keras", functional, keras.Model, layers.Identity(), np.ones(3)]
)
def test_only_models_can_be_wrapped(wrong):
    with pytest.raises(InputError, match=r"(?s)wraps a keras\.Model.* Received: "):
        RecipeModel(wrong)


def test_wrapping_twice_is_wrapping_once():
    wrapped = RecipeModel(functional())
    assert RecipeModel(wrapped).model is wrapped.model


@pytest.mark.parametrize("wrong", ["stric", "", None, True])
def test_an_unknown_recipe_is_refused_before_anything_moves(wrong):
    wrapped = wrap(functional)
    before = wrapped.get_weights()
    with pytest.raises(ConfigError, match="strict"):
        wrapped.fit(X, Y, recipe=wrong)
    assert_equal(wrapped.get_weights(), before)


@pytest.mark.parametrize("call", [lambda m: m.get_layer("nowhere"), lambda m: m.evaluate(X, Y)])
def test_keras_errors_are_the_inner_models(call):
    inner = functional()
    with pytest.raises((ValueError, AttributeError)) as expected:
        call(inner)
    with pytest.raises(type(expected.value)) as found:
        call(RecipeModel(inner))
    assert str(found.value) == str(expected.value)


def test_an_uncompiled_model_is_refused_by_fit_as_keras_does():
    inner = functional()
    with pytest.raises(ValueError, match=r"compile\(\)") as expected:
        inner.fit(X, Y)
    with pytest.raises(ValueError, match=r"compile\(\)") as found:
        RecipeModel(inner).fit(X, Y)
    assert str(found.value) == str(expected.value)
