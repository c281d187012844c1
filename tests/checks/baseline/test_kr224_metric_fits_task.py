"""The metric itself is asked about right, wrong and constant answers."""

import keras
import numpy as np
import pytest
from healthy import BUILDERS
from keras import layers as L
from specimens import SPARSE, cancer, compiled, diabetes, digits, examine, one_hot

from keras_recipe.checks.baseline.kr224_metric_fits_task import metric_fits_task
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

M, CCE, BCE = keras.metrics, "categorical_crossentropy", "binary_crossentropy"
LOGITS = keras.losses.BinaryCrossentropy(from_logits=True)


def judged(units, activation, loss, metric, x, y, thresholds=None, **settings):
    model = compiled(
        L.Dense(units, activation=activation), shape=x.shape[1:], loss=loss, metrics=[metric]
    )
    return examine(metric_fits_task, model, x, y, thresholds, **settings)


def hot(classes=10):
    x, y = digits()
    return x, one_hot(y % classes, classes)


def columns():
    x, y = digits()
    return x, y[:, None]


def signs():
    x, y = cancer()
    return x, 2 * y - 1


def several():
    x, y = digits()
    return x, np.stack([y % 2 == 0, y > 4, y % 3 == 0], 1).astype("float32")


def rare():
    x, y = digits()
    return x, ((y == 3) & (x[:, 20] > 0.9)).astype("float32")


SICK = {
    "binary accuracy of one-hot": (10, "softmax", CCE, "binary_accuracy", hot),
    "equality of one-hot": (10, "softmax", CCE, M.Accuracy, hot),
    "categorical of class numbers": (10, "softmax", SPARSE, M.CategoricalAccuracy, digits),
    "the same in a column": (10, "softmax", SPARSE, M.CategoricalAccuracy, columns),
    "squares of class numbers": (10, "softmax", SPARSE, "mse", columns),
    "equality of a probability": (1, "sigmoid", BCE, M.Accuracy, cancer),
    "categories of one unit": (1, "sigmoid", BCE, M.CategoricalAccuracy, cancer),
    "signs": (1, "tanh", "hinge", "accuracy", signs),
    "AUC of signs": (1, "tanh", "hinge", M.AUC, signs),
    "accuracy of an amount": (1, None, "mse", "accuracy", diabetes),
}


def made(metric):
    return metric() if isinstance(metric, type) else metric


@pytest.mark.parametrize("kind", SICK)
def test_a_metric_that_misreads_fails(kind):
    *arguments, metric, data = SICK[kind]
    result = judged(*arguments, made(metric), *data())
    assert result.status is Status.FAIL
    assert result.fix.code.startswith(("metrics=", "y = "))


HEALTHY = {
    "one-hot": (10, "softmax", CCE, "accuracy", hot),
    "class numbers": (10, "softmax", SPARSE, "accuracy", digits),
    "probability": (1, "sigmoid", BCE, "accuracy", cancer),
    "AUC": (1, "sigmoid", BCE, M.AUC, cancer),
    "recall": (1, "sigmoid", BCE, M.Recall, cancer),
    "Brier": (1, "sigmoid", BCE, "mse", cancer),
    "hinge of 0 and 1": (1, "tanh", "hinge", "accuracy", cancer),
    "several labels": (3, "sigmoid", BCE, "binary_accuracy", several),
    "amounts": (1, None, "mse", "mae", diabetes),
    "two one-hot classes": (2, "softmax", CCE, "binary_accuracy", lambda: hot(2)),
    "squares of one-hot": (10, "softmax", CCE, "mse", hot),
}


@pytest.mark.parametrize("kind", HEALTHY)
def test_metrics_that_fit_pass(kind):
    *arguments, metric, data = HEALTHY[kind]
    assert judged(*arguments, made(metric), *data()).status is Status.PASS


@pytest.mark.parametrize("name", ["logits", "frozen_pretrained_backbone"])
def test_healthy_programs_pass(name):
    model, x, y, settings = BUILDERS[name]()
    assert examine(metric_fits_task, model, x, y, **settings).status is Status.PASS


def test_a_threshold_beside_the_border_of_scores_warns():
    assert judged(1, None, LOGITS, "accuracy", *cancer()).status is Status.WARN
    right = M.BinaryAccuracy(threshold=0.0)
    assert judged(1, None, LOGITS, right, *cancer()).status is Status.PASS


def test_accuracy_alone_where_one_class_rules_warns():
    result = judged(1, "sigmoid", BCE, "accuracy", *rare())
    assert result.status is Status.WARN
    both = ["accuracy", M.AUC()]
    model = compiled(L.Dense(1, activation="sigmoid"), loss=BCE, metrics=both)
    assert examine(metric_fits_task, model, *rare()).status is Status.PASS


def test_accuracy_alone_of_rare_labels_and_rare_pixels_warns():
    x, y = digits()
    tags = np.stack([(y == 3) & (x[:, k] > 0.99) for k in (20, 28, 36)], 1).astype("float32")
    assert judged(3, "sigmoid", BCE, "accuracy", x, tags).status is Status.WARN
    assert judged(3, "sigmoid", BCE, "accuracy", *several()).status is Status.PASS
    assert judged(3, "sigmoid", BCE, M.AUC(), x, tags).status is Status.PASS
    pictures = x[:200].reshape(-1, 8, 8, 1)
    mask = (pictures > 0.99).astype("float32")
    mask[:, 2:] = 0  # about one pixel in fifty
    assert judged(1, "sigmoid", BCE, "accuracy", pictures, mask).status is Status.WARN
    assert judged(1, "sigmoid", BCE, "accuracy", pictures, pictures > 0.4).status is Status.PASS


def test_the_thresholds_decide():
    x, y = hot(3)
    for gain, status in ((0.1, Status.FAIL), (0.4, Status.PASS)):
        found = judged(3, "softmax", CCE, "binary_accuracy", x, y, {"gain": gain})
        assert found.status is status


def test_the_head_with_the_wrong_metric_is_named():
    x, y = digits()
    inputs = keras.Input((64,))
    digit = L.Dense(10, activation="softmax", name="digit")(inputs)
    odd = L.Dense(1, activation="sigmoid", name="odd")(inputs)
    model = keras.Model(inputs, [digit, odd])
    model.compile("adam", [SPARSE, BCE], metrics=[["accuracy"], [M.Accuracy()]])
    result = examine(metric_fits_task, model, x, [y, (y % 2).astype("float32")])
    assert result.status is Status.FAIL
    assert result.where == "odd"


def test_metrics_of_the_users_own_are_not_judged():
    own = [lambda y, p: keras.ops.mean(p)]
    model = compiled(L.Dense(1, activation="sigmoid"), shape=(30,), loss=BCE, metrics=own)
    assert examine(metric_fits_task, model, *cancer()).status is Status.PASS


def test_without_metrics_it_says_so():
    model = compiled(L.Dense(10, activation="softmax"))
    with pytest.raises(NotApplicable, match="no metrics"):
        examine(metric_fits_task, model, *digits())
