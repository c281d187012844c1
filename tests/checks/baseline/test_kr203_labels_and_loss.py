import keras
import numpy as np
import pytest
from keras import layers, ops
from specimens import SPARSE, cancer, compiled, diabetes, digits, examine, one_hot

from keras_recipe.checks.baseline.kr203_labels_and_loss import labels_and_loss
from keras_recipe.core.result import Status

BCE, CCE = "binary_crossentropy", "categorical_crossentropy"


class OwnError(keras.losses.Loss):
    """A squared error that leaves the shapes as they are."""

    def call(self, y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)


def judged(activation, loss, units, x, y, **settings):
    dense = layers.Dense(units, activation=activation)
    model = compiled(dense, shape=x.shape[1:], loss=loss)
    return examine(labels_and_loss, model, x, y, **settings)


def of_digits(change):
    x, y = digits()
    return x, change(y)


def of_cancer(change):
    x, y = cancer()
    return x, change(y)


def of_diabetes(change):
    x, y = diabetes()
    return x, change((y - y.mean()) / y.std())


def uneven():
    """300 rows of class 1, 40 of class 0."""
    x, y = cancer()
    chosen = np.concatenate([np.flatnonzero(y == 1)[:300], np.flatnonzero(y == 0)[:40]])
    return x[chosen], y[chosen]


SICK = {
    "from 1": (lambda: judged("softmax", SPARSE, 10, *of_digits(lambda y: y + 1)), "y - 1"),
    "negative": (lambda: judged("softmax", SPARSE, 10, *of_digits(lambda y: y - 1)), "-1"),
    "few units": (lambda: judged("softmax", SPARSE, 5, *digits()), "Dense(10)"),
    "scaled": (
        lambda: judged("softmax", SPARSE, 10, *of_digits(lambda y: y / 255.0)),
        "scaling",
    ),
    "vectors": (lambda: judged("softmax", SPARSE, 10, *of_digits(one_hot)), CCE),
    "numbers": (lambda: judged("softmax", CCE, 10, *digits()), SPARSE),
    "vectors of 255": (
        lambda: judged("softmax", CCE, 10, *of_digits(lambda y: one_hot(y) * 255)),
        "to_categorical",
    ),
    "signs": (lambda: judged("sigmoid", BCE, 1, *of_cancer(lambda y: 2 * y - 1)), "(y + 1)"),
    "0 and 255": (lambda: judged("sigmoid", BCE, 1, *of_cancer(lambda y: y * 255)), "255"),
    "0 and 1/255": (lambda: judged("sigmoid", BCE, 1, *of_cancer(lambda y: y / 255)), "y /"),
    "ten classes": (lambda: judged("sigmoid", BCE, 1, *digits()), "Dense(10"),
    "hinge classes": (lambda: judged(None, "hinge", 1, *digits()), "2 * y"),
    "(n, 1) and (n, 3)": (
        lambda: judged(None, "mse", 3, *of_digits(lambda y: y[:, None] * 1.0)),
        "Dense(1)",
    ),
    "own (n,) and (n, 1)": (
        lambda: judged(None, OwnError(), 1, *of_diabetes(lambda y: y)),
        "reshape",
    ),
    "negative counts": (lambda: judged("softplus", "poisson", 1, *of_diabetes(np.copy)), "mse"),
    "ratio to 0": (
        lambda: judged(None, "mape", 1, *of_diabetes(lambda y: np.maximum(y, 0))),
        "mae",
    ),
    "ratio around 0": (lambda: judged(None, "mape", 1, *of_diabetes(np.copy)), "mae"),
    "one class": (lambda: judged("sigmoid", BCE, 1, *of_cancer(np.ones_like)), "unique"),
}
HEALTHY = {
    "classes": lambda: judged("softmax", SPARSE, 10, *digits()),
    "column of classes": lambda: judged(
        "softmax", SPARSE, 10, *of_digits(lambda y: y[:, None])
    ),
    "whole floats": lambda: judged(
        "softmax", SPARSE, 10, *of_digits(lambda y: y.astype("float32"))
    ),
    "an unused class 0": lambda: judged("softmax", SPARSE, 11, *of_digits(lambda y: y + 1)),
    "ignored class": lambda: judged(
        "softmax",
        keras.losses.SparseCategoricalCrossentropy(ignore_class=-1),
        10,
        *of_digits(lambda y: np.where(np.arange(len(y)) % 5 == 0, -1, y)),
    ),
    "mixed up": lambda: judged(
        "softmax", CCE, 10, *of_digits(lambda y: 0.7 * one_hot(y) + 0.3 * one_hot(y[::-1]))
    ),
    "weighted rows": lambda: judged(
        "softmax", CCE, 10, *of_digits(lambda y: one_hot(y) * (1 + (y[:, None] == 3)))
    ),
    "booleans": lambda: judged("sigmoid", BCE, 1, *of_cancer(lambda y: y > 0)),
    "soft": lambda: judged("sigmoid", BCE, 1, *of_cancer(lambda y: 0.9 * y + 0.05)),
    "hinge signs": lambda: judged("tanh", "hinge", 1, *of_cancer(lambda y: 2 * y - 1)),
    "hinge 0 and 1": lambda: judged(None, "hinge", 1, *cancer()),
    "(n,) and (n, 1)": lambda: judged(None, "mse", 1, *diabetes()),
    "ratio of amounts": lambda: judged(None, "mape", 1, *diabetes()),
    "ratio on both sides of 0": lambda: judged(
        None, "mape", 1, *of_diabetes(lambda y: y + np.sign(y))
    ),
    "classes of embeddings": lambda: judged(
        None, keras.losses.Circle(gamma=80, margin=0.4), 8, *digits()
    ),
    "texts shorter than the strip": lambda: judged(
        None,
        keras.losses.CTC(),
        5,
        np.random.default_rng(0).normal(size=(64, 9, 4)).astype("float32"),
        np.random.default_rng(1).integers(1, 5, (64, 3)),
    ),
    "own (n, 1)": lambda: judged(None, OwnError(), 1, *of_diabetes(lambda y: y[:, None])),
}


@pytest.mark.parametrize("name", SICK)
def test_labels_outside_the_loss_fail_with_the_remedy(name):
    build, code = SICK[name]
    result = build()
    assert result.status is Status.FAIL
    assert code in result.fix.code
    assert result.cause


@pytest.mark.parametrize("name", HEALTHY)
def test_labels_the_loss_reads_pass(name):
    result = HEALTHY[name]()
    assert result.status is Status.PASS, result.message


def test_a_loss_that_refuses_is_quoted():
    inputs = keras.Input((64,))
    model = keras.Model(inputs, [layers.Dense(1)(inputs), layers.Dense(1)(inputs)])
    model.compile("adam", "mse")
    result = examine(labels_and_loss, model, digits()[0], digits()[0][:, :1])
    assert result.status is Status.FAIL
    assert "cannot be computed" in result.message


@pytest.mark.parametrize(
    ("weights", "status"),
    [
        ({0: 1.0, 1: 8.0}, Status.FAIL),
        ({0: 0.15, 1: 1.0}, Status.FAIL),
        ({0: 1.0, 1: 2.01}, Status.FAIL),
        ({0: 1.0, 1: 1.99}, Status.WARN),
        ({0: 1.0, 1: 1.1}, Status.PASS),
        ({0: 8.0, 1: 1.0}, Status.PASS),
        ({1: 1.0, 2: 5.0}, Status.FAIL),
        ({0: 1.0, 1: 0.0}, Status.FAIL),
        ({0: 0.0, 1: 0.0}, Status.FAIL),
    ],
)
def test_class_weights_must_not_add_to_rarity(weights, status):
    assert judged("sigmoid", BCE, 1, *uneven(), class_weight=weights).status is status


def test_weights_by_class_are_seen_in_sample_weights():
    x, y = uneven()
    weights = np.where(y == 1, 4.0, 0.5)
    result = judged("softmax", SPARSE, 2, x, y.astype("int32"), sample_weight=weights)
    assert result.status is Status.FAIL


def test_weights_for_classes_that_do_not_occur_are_let_go():
    x, y = digits()
    weights = {k: 1 + k / 10 for k in range(10)}
    result = judged("softmax", SPARSE, 10, x[y < 9], y[y < 9], class_weight=weights)
    assert result.status is Status.PASS


def test_a_class_of_no_interest_may_weigh_nothing():
    weights = {k: float(k > 0) for k in range(10)}
    result = judged("softmax", SPARSE, 10, *digits(), class_weight=weights)
    assert result.status is Status.PASS


def test_rows_weighted_with_0_may_hold_anything():
    x, y = digits()
    left_out = np.arange(len(y)) % 4 == 0
    result = judged(
        "softmax", CCE, 10, x, np.where(left_out[:, None], 7.0, one_hot(y)),
        sample_weight=(~left_out).astype("float32"),
    )  # fmt: skip
    assert result.status is not Status.FAIL


@pytest.mark.parametrize(("units", "status"), [(19, Status.PASS), (20, Status.WARN)])
def test_units_without_a_class_warn(units, status):
    assert judged("softmax", SPARSE, units, *digits()).status is status
