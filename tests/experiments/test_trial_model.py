import keras
import numpy as np
import pytest
from climbing import build, rows
from keras import layers

from keras_recipe.core.errors import InputError
from keras_recipe.experiments.trial_model import loss_form, made, maker, model_form
from keras_recipe.model import RecipeModel
from keras_recipe.surgery.weight_decay import leaves_out, set_weight_decay


def weights(model):
    return [np.array(w) for w in model.get_weights()]


def test_a_function_may_take_the_hp_of_kerastuner():
    def tuned(hp):
        return build(units=hp.Int("units", 4, 8))

    assert maker(tuned)().layers[0].units == 4
    assert maker(lambda hp=None: build())().compiled


def test_a_model_is_copied_with_fresh_weights_and_its_settings():
    model = build(rate=0.02)
    copy = made(maker(model))
    assert copy is not model
    assert model_form(copy) == model_form(model)
    assert float(copy.optimizer.learning_rate) == pytest.approx(0.02)
    assert copy.optimizer is not model.optimizer
    assert not np.array_equal(weights(copy)[0], weights(model)[0])


def test_a_loss_of_ones_own_and_its_settings_are_kept():
    def mine(y, p):
        return keras.ops.mean(keras.ops.abs(y - p))

    for loss in (keras.losses.Huber(delta=3.0), mine):
        model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
        model.compile("sgd", loss, metrics=["mae"])
        x, y = np.zeros((2, 1), "float32"), np.full((2, 1), 9, "float32")
        copy = made(maker(model))
        assert copy.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


def test_what_training_would_not_change_is_copied():
    scale = layers.Normalization()
    scale.adapt(rows().x + 3)
    fixed = layers.Dense(4, trainable=False)
    norm = layers.BatchNormalization()
    model = keras.Sequential(
        [keras.Input((64,)), scale, fixed, norm, layers.Dense(10, activation="softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    norm.moving_mean.assign(np.ones(4))
    copy = made(maker(model))
    np.testing.assert_array_equal(copy.layers[0].mean, scale.mean)
    np.testing.assert_array_equal(copy.layers[1].kernel, fixed.kernel)
    np.testing.assert_array_equal(copy.layers[2].moving_mean, np.zeros(4))


def test_a_wrapped_model_is_copied_too():
    model = RecipeModel(build())
    model.compile("adam", "sparse_categorical_crossentropy")
    assert made(maker(model)).count_params() == model.count_params()


class Own(keras.Model):
    def __init__(self, head):
        super().__init__()
        self.head = head

    def call(self, x):
        return self.head(x)


def test_what_keras_cannot_copy_is_refused_in_one_sentence():
    model = Own(layers.Dense(10))
    model.compile("adam", "mse")
    model(rows().x)
    with pytest.raises(InputError, match="give a function that builds"):
        maker(model)()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (3, "must be a function"),
        (keras.Sequential([keras.Input((1,)), layers.Dense(1)]), "must be compiled"),
        (lambda: None, "Received: NoneType"),
        (lambda: keras.Sequential([keras.Input((1,)), layers.Dense(1)]), "call compile"),
    ],
    ids=["number", "raw", "nothing", "uncompiled"],
)
def test_what_makes_no_compiled_model_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        made(maker(given))


def test_equal_losses_have_equal_forms():
    def form(loss):
        model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
        model.compile("sgd", loss)
        return loss_form(model)

    assert form("mse") == form("mean_squared_error")
    assert form(keras.losses.Huber(2.0)) == form(keras.losses.Huber(2.0, name="mine"))
    assert form(keras.losses.Huber(2.0)) != form(keras.losses.Huber(1.0))


def test_another_program_has_another_form():
    assert model_form(build()) == model_form(build())
    assert model_form(build()) != model_form(build(units=17))
    assert model_form(build()) != model_form(build(rate=0.5))
    assert model_form(build()) != model_form(build(dropout=0.5))
    tanh = build()
    tanh.layers[0].activation = keras.activations.tanh
    assert model_form(build()) != model_form(tanh)


def test_what_a_model_leaves_out_its_copies_leave_out():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, kernel_regularizer="l2")])
    optimizer = keras.optimizers.AdamW(weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_list=[model.layers[0].bias])
    model.compile(optimizer, "mse")
    assert len(maker(model)().losses) == 1
    assert leaves_out(maker(model)())
    assert not maker(set_weight_decay(model, 0.0))().losses
