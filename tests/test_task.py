import keras
import numpy as np
import pytest
from keras import layers, ops
from specimens import SPARSE, cancer, compiled, diabetes, digits, one_hot, subject

from keras_recipe.core.errors import InputError

BCE, CCE = "binary_crossentropy", "categorical_crossentropy"


def own(y_true, y_pred):
    return ops.mean(ops.abs(ops.reshape(y_true, (-1, 1)) - y_pred))


def head(activation, loss, units, x, y, metrics=None, task=None):
    dense = layers.Dense(units, activation=activation)
    model = compiled(dense, shape=x.shape[1:], loss=loss, metrics=metrics)
    return subject(model, x, y, task=task).task.heads[0]


def several(y):
    return np.stack([y % 2 == 0, y > 4, y % 3 == 0], 1).astype("float32")


KINDS = {
    "classes": (lambda x, y: head("softmax", SPARSE, 10, x, y), "multiclass"),
    "vectors": (lambda x, y: head("softmax", CCE, 10, x, one_hot(y)), "multiclass"),
    "vectors with empty rows": (
        lambda x, y: head("softmax", CCE, 10, x, one_hot(y) * (y[:, None] > 2)),
        "multiclass",
    ),
    "several": (lambda x, y: head("sigmoid", BCE, 3, x, several(y)), "multilabel"),
    "several under softmax": (
        lambda x, y: head("softmax", CCE, 3, x, several(y)),
        "multilabel",
    ),
    "yes or no": (lambda x, y: head("sigmoid", BCE, 1, x, y > 4), "binary"),
    "signs": (lambda x, y: head(None, "mse", 1, x, 2.0 * (y > 4) - 1), "binary"),
    "amounts": (lambda x, y: head(None, "mse", 1, x, y), "regression"),
    "amounts and accuracy": (
        lambda x, y: head(None, "mse", 1, x, y, metrics=["accuracy"]),
        "multiclass",
    ),
    "images": (lambda x, y: head("sigmoid", BCE, 64, x, x), "regression"),
    "counts": (lambda x, y: head("softplus", "poisson", 1, x, y), "counts"),
    "a loss of one's own": (lambda x, y: head(None, own, 32, x, y), "unknown"),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_kind_of_task(name):
    build, kind = KINDS[name]
    assert build(*digits()).kind == kind


@pytest.mark.parametrize(
    ("units", "labels", "name"),
    [(10, np.asarray, SPARSE), (10, one_hot, CCE), (1, lambda y: y > 4, BCE)],
)
def test_crossentropy_is_resolved_as_keras_does(units, labels, name):
    x, y = digits()
    found = head("sigmoid" if units == 1 else "softmax", "crossentropy", units, x, labels(y))
    assert found.loss.name == name


def two_heads(**compile_arguments):
    inputs = keras.Input((64,))
    digit = layers.Dense(10, activation="softmax", name="zebra")(inputs)
    size = layers.Dense(1, name="ape")(inputs)
    model = keras.Model(inputs, [digit, size])
    model.compile("adam", **compile_arguments)
    return model


@pytest.mark.parametrize(
    "loss", [[SPARSE, "mse"], {"ape": "mse", "zebra": SPARSE}], ids=["list", "dict"]
)
@pytest.mark.parametrize("named", [False, True])
def test_each_output_gets_its_own_loss_metrics_and_target(loss, named):
    x, y = digits()
    size = np.round(x.sum(1) / 2)
    metrics = [["accuracy"], ["mae"]]
    model = two_heads(loss=loss, metrics=metrics)
    targets = {"ape": size, "zebra": y} if named else [y, size]
    first, second = subject(model, x, targets).task.heads
    assert (first.name, first.kind, first.loss.name) == ("zebra", "multiclass", SPARSE)
    assert (second.name, second.kind) == ("ape", "regression")  # few values, but no accuracy
    assert second.metrics == ("mae",)
    assert [head.target for head in (first, second)] == ([1, 0] if named else [0, 1])
    assert second.labels.high.max() == size.max()


def test_an_output_without_loss_has_no_target():
    x, y = digits()
    inputs = keras.Input((64,))
    outputs = {
        "digit": layers.Dense(10, activation="softmax")(inputs),
        "extra": layers.Dense(4)(inputs),
    }
    model = keras.Model(inputs, outputs)
    model.compile("adam", {"digit": SPARSE})
    digit, extra = subject(model, x, {"digit": y}).task.heads
    assert (digit.kind, digit.target) == ("multiclass", 0)
    assert (extra.kind, extra.target, extra.loss.name) == ("unknown", None, "")


def test_ignored_classes_are_known():
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=3)
    assert head("softmax", loss, 10, *digits()).ignored == 3


def test_the_users_word_counts():
    found = head(None, "mse", 1, *diabetes(), task="counts")
    assert found.kind == "counts"
    assert "you said so" in found.reason


@pytest.mark.parametrize(
    ("task", "said"), [("clases", "Unknown task"), ({"b": "binary"}, "'b'")]
)
def test_an_unknown_word_is_one_sentence(task, said):
    with pytest.raises(InputError, match=said):
        head("sigmoid", BCE, 1, *cancer(), task=task)


def test_an_unknown_loss_is_one_sentence():
    with pytest.raises(InputError, match="does not know"):
        head(None, "mean_squared_eror", 1, *diabetes())
