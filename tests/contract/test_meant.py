import keras
import numpy as np
import pytest
from keras import layers as L
from specimens import SPARSE, cancer, classifier, compiled, diabetes, digits, one_hot, subject

from keras_recipe.contract.meant import meant

CATEGORICAL = "categorical_crossentropy"
BINARY = "binary_crossentropy"


def wanted(model, x, y):
    found = meant(subject(model, x, y).task.heads[0])
    return found and (found.activation, found.units, found.loss)


def digit_model(head, loss, units=10, **settings):
    return classifier(head=head, loss=loss, units=units, **settings)


@pytest.mark.parametrize(
    ("head", "loss", "units", "expected"),
    [
        ("softmax", SPARSE, 10, None),
        ("sigmoid", SPARSE, 10, ("softmax", 10, SPARSE)),
        ("relu", SPARSE, 10, ("softmax", 10, SPARSE)),
        (None, SPARSE, 10, ("softmax", 10, SPARSE)),
        ("softmax", SPARSE, 7, ("softmax", 10, SPARSE)),
    ],
)
def test_class_numbers_call_for_softmax(head, loss, units, expected):
    assert wanted(digit_model(head, loss, units), *digits()) == expected


def test_raw_scores_are_as_good():
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert wanted(digit_model(None, loss), *digits()) is None
    assert wanted(digit_model("softmax", loss), *digits()) == ("softmax", 10, SPARSE)


def test_one_hot_rows_call_for_softmax_too():
    x, y = digits()
    assert wanted(digit_model("softmax", CATEGORICAL), x, one_hot(y)) is None
    assert wanted(digit_model("sigmoid", CATEGORICAL), x, one_hot(y)) == (
        "softmax",
        10,
        CATEGORICAL,
    )
    assert wanted(digit_model("softmax", "mse", metrics=["accuracy"]), x, one_hot(y)) == (
        "softmax",
        10,
        CATEGORICAL,
    )


@pytest.mark.filterwarnings("ignore:.*softmax over axis:UserWarning")
@pytest.mark.parametrize(
    ("head", "loss", "expected"),
    [
        ("sigmoid", BINARY, None),
        ("softmax", BINARY, ("sigmoid", 1, BINARY)),
        ("tanh", BINARY, ("sigmoid", 1, BINARY)),
        ("sigmoid", "mse", ("sigmoid", 1, BINARY)),
    ],
)
def test_yes_or_no_calls_for_a_sigmoid(head, loss, expected):
    model = compiled(L.Dense(1, activation=head), shape=(30,), loss=loss)
    assert wanted(model, *cancer()) == expected


@pytest.mark.parametrize(
    ("head", "loss", "expected"),
    [
        (None, "mse", None),
        (None, "mae", None),
        ("sigmoid", "mse", ("linear", 1, "mean_squared_error")),
        ("relu", "huber", ("linear", 1, "huber")),
        ("sigmoid", BINARY, ("linear", 1, "mean_squared_error")),
    ],
)
def test_amounts_call_for_a_linear_output(head, loss, expected):
    x, y = diabetes()
    model = compiled(L.Dense(1, activation=head), shape=(10,), loss=loss)
    assert wanted(model, x, (y - y.mean()) / y.std()) == expected


def test_several_labels_call_for_sigmoids():
    x, _ = digits()
    y = (np.random.default_rng(0).random((len(x), 4)) < 0.4).astype("float32")
    assert wanted(digit_model("softmax", BINARY, 4), x, y) == ("sigmoid", 4, BINARY)
    assert wanted(digit_model("sigmoid", BINARY, 4), x, y) is None


def test_a_loss_of_the_users_own_is_replaced_by_the_plain_one():
    def own(y, p):
        return -keras.losses.sparse_categorical_crossentropy(y, p)

    assert wanted(digit_model("softmax", own), *digits()) == ("softmax", 10, SPARSE)


def test_labels_that_nothing_reads_give_nothing():
    x, y = cancer()
    model = compiled(L.Dense(1, activation="sigmoid"), shape=(30,), loss=BINARY)
    assert wanted(model, x, 2 * y - 1) is None
