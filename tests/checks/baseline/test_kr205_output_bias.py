import keras
import numpy as np
import pytest
from keras import layers
from specimens import SPARSE, cancer, compiled, diabetes, digits, examine

from keras_recipe.checks.baseline.kr204_loss_at_init import loss_at_init
from keras_recipe.checks.baseline.kr205_output_bias import output_bias
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

BCE = "binary_crossentropy"
init = keras.initializers


def net(
    bias="zeros", head="sigmoid", loss=BCE, units=1, width=30, optimizer="adam",
    kernel="glorot_uniform", use_bias=True,
):  # fmt: skip
    return compiled(
        layers.Dense(16, activation="relu"),
        layers.Dense(
            units,
            activation=head,
            bias_initializer=bias,
            kernel_initializer=kernel,
            use_bias=use_bias,
        ),
        shape=(width,),
        loss=loss,
        optimizer=optimizer,
    )


def rare(others=10):
    """212 rows of class 0 and a few of class 1."""
    x, y = cancer()
    chosen = np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:others]])
    return x[chosen], y[chosen]


def test_balanced_classes_without_bias_pass():
    model = net(head="softmax", loss=SPARSE, units=10, width=64)
    assert examine(output_bias, model, *digits()).status is Status.PASS


def test_a_rare_class_started_at_one_half_warns_and_the_fix_mends_it():
    x, y = rare()
    model = net(kernel="zeros")
    result = examine(output_bias, model, x, y)
    assert result.status is Status.WARN
    share = y.mean()
    divergence = np.log(0.5 / share) * share + np.log(0.5 / (1 - share)) * (1 - share)
    assert result.measured == pytest.approx(-divergence, rel=0.02)
    assert result.fix.tried["after"] < result.fix.tried["before"] / 2
    result.fix.apply(model)
    assert model.predict(x, verbose=0).mean() == pytest.approx(share, rel=0.02)
    assert examine(output_bias, model, x, y).status is Status.PASS


@pytest.mark.parametrize(("others", "status"), [(10, Status.WARN), (120, Status.PASS)])
def test_how_rare_decides(others, status):
    assert examine(output_bias, net(kernel="zeros"), *rare(others)).status is status


@pytest.mark.parametrize("bias", [3.0, 8.0])
def test_a_bias_worse_than_none_fails(bias):
    result = examine(output_bias, net(bias=init.Constant(bias)), *rare())
    assert result.status is Status.FAIL
    assert "with none" in result.message


def test_a_bias_from_the_priors_passes():
    bias = init.Constant(float(np.log(10 / 212)))
    assert examine(output_bias, net(bias=bias), *rare()).status is Status.PASS


def test_a_regression_far_from_zero_warns():
    model = net(head=None, loss="mse", width=10)
    result = examine(output_bias, model, *diabetes(), epochs=100)
    assert result.status is Status.WARN
    assert result.measured == pytest.approx(2, abs=0.3)  # mean over deviation of the targets


def test_a_regression_with_its_mean_as_bias_passes():
    mean = float(diabetes()[1].mean())
    model = net(bias=init.Constant(mean), head=None, loss="mse", width=10)
    assert examine(output_bias, model, *diabetes()).status is Status.PASS


@pytest.mark.parametrize(
    ("epochs", "rate", "status"),
    [(20, 1e-3, Status.FAIL), (1, 1e-3, Status.WARN), (20, 1e5, Status.WARN)],
)
def test_a_mean_that_no_training_reaches_fails(epochs, rate, status):
    x, y = diabetes()
    y = (y - y.mean()) / y.std() * 1e5 + 1e6
    model = net(head=None, loss="mse", width=10, optimizer=keras.optimizers.Adam(rate))
    assert examine(output_bias, model, x, y, epochs=epochs).status is status


def test_plain_sgd_steps_grow_with_the_targets():
    x, y = diabetes()
    model = net(head=None, loss="mse", width=10, optimizer="sgd")
    assert examine(output_bias, model, x, y * 1e4, epochs=20).status is Status.WARN


def test_a_head_without_bias_has_nothing_to_set():
    result = examine(output_bias, net(use_bias=False), *rare())
    assert result.status is Status.PASS


def test_an_autoencoder_learns_its_mean_image_along():
    x, _ = digits()
    model = net(units=64, width=64)
    assert examine(output_bias, model, x, x).status is Status.PASS


def test_class_weights_change_the_priors():
    x, y = rare()
    weights = {0: 1.0, 1: 21.2}
    result = examine(output_bias, net(kernel="zeros"), x, y, class_weight=weights)
    assert result.status is Status.PASS


def test_losses_whose_constant_is_no_average_are_skipped():
    x, y = cancer()
    with pytest.raises(NotApplicable, match="no average"):
        examine(output_bias, net(head="tanh", loss="hinge"), x, 2 * y - 1)


@pytest.mark.parametrize("check", [output_bias, loss_at_init])
def test_the_priors_beside_class_weights_are_no_wrong_bias(check):
    x, y = rare(14)
    model = net(bias=init.Constant(float(np.log(y.mean() / (1 - y.mean())))))
    weights = {0: 0.53, 1: 8.0}
    assert examine(check, model, x, y, class_weight=weights).status is not Status.FAIL
    far = net(bias=init.Constant(-6.0))
    assert examine(check, far, x, y, class_weight=weights).status is Status.FAIL


def test_the_prior_of_a_focal_loss_is_no_wrong_bias():
    x, y = rare(14)
    loss = keras.losses.BinaryFocalCrossentropy()
    share = float(np.log(y.mean() / (1 - y.mean())))
    for bias, status in (
        (share, Status.PASS),
        (share - 2.0, Status.PASS),
        (-share, Status.FAIL),
    ):
        result = examine(output_bias, net(loss=loss, bias=init.Constant(bias)), x, y)
        assert result.status is status
