import math

import keras
import numpy as np
import pytest
from keras import layers, ops
from specimens import (
    SPARSE,
    cancer,
    classifier,
    compiled,
    diabetes,
    digits,
    examine,
    one_hot,
    subject,
)

from keras_recipe.checks.baseline.kr204_loss_at_init import loss_at_init
from keras_recipe.contract.culprits import gains
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status
from keras_recipe.surgery.preserve import preserve

init = keras.initializers


def net(kernel="glorot_uniform", bias="zeros", units=10, head="softmax", loss=SPARSE, width=64):
    return compiled(
        layers.Dense(32, activation="relu", kernel_initializer=kernel),
        layers.Dense(units, activation=head, kernel_initializer=kernel, bias_initializer=bias),
        shape=(width,),
        loss=loss,
    )


def standard():
    x, y = diabetes()
    return x, (y - y.mean()) / y.std()


def test_a_zero_head_loses_ln_k():
    model = compiled(layers.Dense(10, activation="softmax", kernel_initializer="zeros"))
    result = examine(loss_at_init, model, *digits())
    assert result.status is Status.PASS
    assert result.measured == pytest.approx(math.log(10), rel=1e-4)
    assert result.expected == pytest.approx(math.log(10), rel=5e-3)  # nearly balanced


@pytest.mark.parametrize(
    "kernel", ["glorot_uniform", "he_normal", "lecun_normal", "orthogonal", "random_normal"]
)
def test_usual_initial_weights_pass(kernel):
    assert examine(loss_at_init, net(kernel), *digits()).status is Status.PASS


@pytest.mark.parametrize("scale", [1.0, 10.0])
def test_absurd_weights_fail_and_the_fix_mends_them(scale):
    model = net(init.RandomNormal(stddev=scale))
    made = subject(model, *digits())
    needs = [made.need(name) for name in loss_at_init.needs]
    with preserve(model) as guard:
        result = loss_at_init(*needs)
        assert result.status is Status.FAIL
        assert result.fix.tried["after"] < result.fix.tried["before"] / 3
        guard.restore()
        result.fix.apply(model)
        assert max(gain for _, _, gain in gains(model)) == pytest.approx(1, rel=1e-3)


def test_a_bias_far_off_fails_and_the_fix_mends_it():
    model = net(bias=init.Constant(-8.0), units=1, head="sigmoid",
                loss="binary_crossentropy", width=30)  # fmt: skip
    result = examine(loss_at_init, model, *cancer())
    assert result.status is Status.FAIL
    assert "bias at 0" in result.message
    result.fix.apply(model)
    assert np.all(keras.ops.convert_to_numpy(model.layers[-1].bias) == 0)


def test_a_regression_far_off_fails_by_its_bias():
    model = net(bias=init.Constant(100.0), units=1, head=None, loss="mse", width=10)
    assert examine(loss_at_init, model, *standard()).status is Status.FAIL


def test_large_inputs_alone_only_warn():
    x, y = digits()
    assert examine(loss_at_init, net(), x * 255, y).status is Status.WARN


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_large_inputs_or_weights_before_a_normalisation_pass(scale):
    x, y = digits()
    usual, wide = init.GlorotUniform(), init.RandomNormal(stddev=scale)

    def judged(*stack, head=usual):
        head = layers.Dense(10, activation="softmax", kernel_initializer=head)
        model = compiled(*stack, head, shape=(64,))
        kept = [keras.ops.convert_to_numpy(v) for v in model.variables]
        status = examine(loss_at_init, model, x * 255 / scale, y).status
        after = [keras.ops.convert_to_numpy(v) for v in model.variables]
        assert all(np.array_equal(a, b) for a, b in zip(kept, after, strict=True))
        return status

    def hidden():
        return layers.Dense(32, kernel_initializer=wide)

    norm = layers.BatchNormalization
    assert judged(norm(), layers.Dense(32, activation="relu")) is Status.PASS
    assert judged(hidden(), norm(), layers.ReLU()) is Status.PASS
    assert judged(norm(), hidden(), layers.ReLU()) is Status.FAIL
    assert judged(hidden(), norm(), head=init.RandomNormal(stddev=5.0)) is Status.FAIL


def test_targets_far_from_zero_are_the_biases_business():
    model = net(units=1, head=None, loss="mse", width=10)
    assert examine(loss_at_init, model, *diabetes()).status is Status.PASS


def test_a_trained_model_passes():
    model = classifier()
    model.fit(*digits(), epochs=5, verbose=0)
    result = examine(loss_at_init, model, *digits())
    assert result.status is Status.PASS
    assert result.measured < result.expected


def test_rows_count_by_their_weights_where_outputs_are_compared_with_labels():
    x = np.random.RandomState(0).normal(size=(800, 4)).astype("float32")
    y = np.random.RandomState(1).randint(0, 2, 800)
    weights = np.where(y == (x[:, 0] > 0), 1.0, 0.1)  # those that count are said rightly
    model = compiled(layers.Dense(2, activation="softmax"), shape=(4,), loss=SPARSE)
    model.layers[-1].kernel.assign([[-0.4, 0.4], [0, 0], [0, 0], [0, 0]])
    result = examine(loss_at_init, model, x, y, sample_weight=weights)
    assert result.status is Status.PASS


def test_smoothed_labels_are_judged_by_the_same_loss():
    model = net(loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1))
    x, y = digits()
    assert examine(loss_at_init, model, x, one_hot(y)).status is Status.PASS


def rooted(y_true, y_pred):
    return ops.sqrt(y_pred - 100.0)


def test_a_loss_that_is_no_number_fails():
    model = net(units=1, head=None, loss=rooted, width=10)
    result = examine(loss_at_init, model, *standard())
    assert result.status is Status.FAIL
    assert math.isnan(result.measured)


@pytest.mark.parametrize(("factor", "status"), [(0.9, Status.WARN), (1.5, Status.PASS)])
def test_the_factor_decides(factor, status):
    model = compiled(layers.Dense(10, activation="softmax", kernel_initializer="zeros"))
    result = examine(loss_at_init, model, *digits(), thresholds={"factor": factor})
    assert result.status is status


def likelihood(y_true, y_pred):
    mean, spread = y_pred[:, :1], y_pred[:, 1:]
    return spread + ops.square(ops.reshape(y_true, (-1, 1)) - mean) * ops.exp(-spread)


def test_a_loss_whose_constants_are_not_known_is_skipped():
    model = net(units=2, head=None, loss=likelihood, width=10)
    with pytest.raises(NotApplicable, match="not known"):
        examine(loss_at_init, model, *standard())


def test_the_layer_that_first_gives_no_numbers_is_named():
    x, y = (part[:64] for part in digits())
    logarithm = layers.Activation(lambda v: ops.log(v - 0.5), name="logarithm")
    model = compiled(layers.Dense(8), logarithm, layers.Dense(10, activation="softmax"))
    result = examine(loss_at_init, model, x, y)
    assert result.status is Status.FAIL
    assert result.where == "logarithm"
    assert "logarithm" in result.cause
