"""A fix of the data, of the settings or of a layer takes its FAIL away, and only that."""

import keras
import numpy as np
import pytest
import sick
from keras import layers as L
from specimens import cancer, classifier, compiled, digits

from keras_recipe.examine import check

RANDOM = np.random.default_rng(0)
SPARSE = "sparse_categorical_crossentropy"


def some(rows=600):
    x, y = digits()
    return x[:rows], y[:rows]


def counted_from_one():
    x, y = some()
    return classifier(), {"x": x, "y": y + 1, "validation_split": 0.2}


def scaled_labels():
    x, y = some()
    return classifier(), {"x": x, "y": (y / 9).astype("float32")}


def minus_and_plus():
    x, y = cancer()
    return (
        compiled(L.Dense(1, "sigmoid"), shape=(30,), loss="binary_crossentropy"),
        {"x": x, "y": 2 * y - 1},
    )


def validated_on_training_rows():
    x, y = some()
    return classifier(), {"x": x, "y": y, "validation_data": (x[:200], y[:200])}


def sorted_by_class():
    x, y = some()
    order = np.argsort(y, kind="stable")
    return classifier(), {"x": x[order], "y": y[order], "validation_split": 0.3}


def validation_in_bytes():
    x, y = some(900)
    held = 255 * x[600:], y[600:]
    return classifier(), {"x": x[:600], "y": y[:600], "validation_data": held}


def validation_numbered_apart():
    x, y = some(900)
    held = x[600:], (y[600:] + 3) % 10
    return classifier(), {"x": x[:600], "y": y[:600], "validation_data": held}


def labels_slipped():
    x, y = some()
    order = RANDOM.permutation(len(x))
    return classifier(), {"x": x[order], "y": np.roll(y[order], 1)}


def weights_upside_down():
    x, y = cancer()
    few = np.flatnonzero((y == 0) | (np.arange(len(y)) % 6 == 0))
    model = compiled(L.Dense(1, "sigmoid"), shape=(30,), loss="binary_crossentropy")
    return model, {"x": x[few], "y": y[few], "class_weight": {0: 4.0, 1: 1.0}}


def gaps():
    x, y = cancer()
    x = x.copy()
    x[::50, 3] = np.nan
    model = compiled(L.Dense(1, "sigmoid"), shape=(30,), loss="binary_crossentropy")
    return model, {"x": x, "y": y}


def label_among_the_inputs():
    x, y = cancer()
    x = np.concatenate([x[:, :8], y[:, None]], axis=1)
    model = compiled(L.Dense(1, "sigmoid"), shape=(9,), loss="binary_crossentropy")
    return model, {"x": x, "y": y, "validation_split": 0.3}


def forecast_that_sees_the_future():
    series = RANDOM.normal(size=(96, 13, 1)).cumsum(1).astype("float32")
    stack = L.Conv1D(8, 3, padding="same", activation="relu"), L.Dense(1)
    return (
        compiled(*stack, shape=(12, 1), loss="mse"),
        {"x": series[:, :-1], "y": series[:, 1:]},
    )


class Dropping(keras.Model):
    """Drops what it says."""

    def __init__(self):
        super().__init__()
        self.hidden, self.out = L.Dense(16, "relu"), L.Dense(10, "softmax")
        self.drop = L.Dropout(0.5)

    def call(self, inputs, training=False):
        return self.drop(self.out(self.hidden(inputs)), training=training)


def dropout_on_the_output():
    x, y = some()
    model = Dropping()
    model.compile("adam", SPARSE)
    return model, {"x": x, "y": y}


def accuracy_of_amounts():
    x, _ = cancer()
    model = compiled(L.Dense(1), shape=(29,), loss="mse", metrics=["accuracy"])
    return model, {"x": x[:, 1:], "y": x[:, :1]}


def slow_statistics():
    model, x, y, settings = sick.slow_statistics()
    return model, {"x": x, "y": y, **settings}


PROGRAMS = {
    "KR203": (counted_from_one, scaled_labels, minus_and_plus),
    "KR104": (validated_on_training_rows,),
    "KR111": (sorted_by_class,),
    "KR112": (validation_in_bytes, validation_numbered_apart),
    "KR118": (labels_slipped,),
    "KR106": (weights_upside_down,),
    "KR101": (gaps,),
    "KR114": (label_among_the_inputs,),
    "KR214": (forecast_that_sees_the_future,),
    "KR217": (slow_statistics,),
    "KR224": (accuracy_of_amounts,),
    "KR223": (dropout_on_the_output,),
}
PAIRS = [(code, make) for code, made in PROGRAMS.items() for make in made]


@pytest.mark.parametrize(("code", "make"), PAIRS, ids=lambda one: getattr(one, "__name__", one))
def test_the_fix_takes_the_failure_away(code, make):
    keras.utils.set_random_seed(0)
    model, given = make()
    before = keras.tree.map_structure(np.copy, (given["x"], given["y"]))
    asked = {"select": [code], "verbose": 0, "budget": 300.0}
    found = check(model, **given, **asked)
    row = found[code]
    assert row.status == "fail", row.message
    fix = row.fix
    if fix.data is not None:
        changed = fix.apply_to_data(**given)
        keras.tree.map_structure(
            np.testing.assert_array_equal, before, (given["x"], given["y"])
        )
        given = changed
    else:
        model = fix.apply(model)
    again = check(model, **given, **asked)[code]
    assert again.status in ("pass", "warn"), again.message
