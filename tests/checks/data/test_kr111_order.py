"""Sorted rows are a fault where nothing shuffles them, or where a split was cut off them."""

import keras
import numpy as np
import pytest
from keras import layers
from specimens import classifier, compiled, diabetes, digits, examine

from keras_recipe.checks.data.kr111_order import order
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def by_class(rows=1000):
    x, y = digits()
    x, y = x[:rows], y[:rows]
    places = np.argsort(y, kind="stable")
    return x[places], y[places]


def test_sorted_rows_that_fit_shuffles_pass():
    assert examine(order, classifier(), *by_class()).status is Status.PASS


def test_mixed_rows_without_shuffling_pass():
    result = examine(order, classifier(), *digits(), shuffle=False)
    assert result.status is Status.PASS
    assert "well mixed" in result.message


def test_sorted_rows_without_shuffling_fail():
    result = examine(order, classifier(), *by_class(), shuffle=False)
    assert result.status is Status.FAIL
    assert result.measured > 0.6
    assert "shuffle=True" in result.fix.code


def test_one_row_a_class_is_in_no_order():
    x, _ = digits()
    y = np.random.default_rng(0).permutation(1000)
    model = classifier(units=1000)
    held = (x[900:1000], y[900:])
    found = examine(order, model, x[:900], y[:900], validation_data=held)
    assert found.status is Status.PASS


@pytest.mark.parametrize(("pure", "status"), [(0.6, Status.FAIL), (0.95, Status.PASS)])
def test_the_threshold_decides(pure, status):
    found = examine(
        order, classifier(), *by_class(), {"pure": pure, "near": -1.0}, shuffle=False
    )
    assert found.status is status


def test_blocks_of_a_recording_only_warn():
    x, y = by_class()
    blocks = np.argsort(np.arange(len(x)) % 90 // 30, kind="stable")  # each class three times
    plan = {"shuffle": False, "batch_size": 8}
    assert examine(order, classifier(), x[blocks], y[blocks], **plan).status is Status.WARN


def test_one_class_a_batch_is_no_fault_where_one_class_is_nearly_all():
    x, y = digits()
    y = (np.arange(len(x)) % 400 == 0).astype("int32")
    model = compiled(layers.Dense(1, activation="sigmoid"), loss="bce")
    assert examine(order, model, x, y, shuffle=False, batch_size=4).status is Status.PASS


class Stream(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x) // 25

    def __getitem__(self, index):
        rows = slice(25 * index, 25 * index + 25)
        return self.x[rows], self.y[rows]


def test_a_dataset_that_yields_class_after_class_fails():
    result = examine(order, classifier(), Stream(*by_class()))
    assert result.status is Status.FAIL
    assert examine(order, classifier(), Stream(*digits())).status is Status.PASS


def test_a_split_cut_off_sorted_rows_fails():
    x, y = by_class()
    result = examine(order, classifier(), x, y, validation_split=0.2)
    assert result.status is Status.FAIL
    assert result.where == "validation"
    hot = np.eye(10, dtype="float32")[y]
    model = classifier(loss="categorical_crossentropy")
    found = examine(order, model, x[:800], hot[:800], validation_data=(x[800:], hot[800:]))
    assert found.status is Status.FAIL


def test_sorted_rows_with_a_mixed_split_pass():
    x, y = by_class()
    held = np.arange(len(x)) % 5 == 0
    result = examine(
        order, classifier(), x[~held], y[~held], validation_data=(x[held], y[held])
    )
    assert result.status is Status.PASS


def line(rows=200, turn=1):
    x = np.linspace(0, 10, rows)[::turn, None].astype("float32")
    return compiled(layers.Dense(1), shape=(1,), loss="mse"), x, np.sin(x)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_split_cut_off_a_sorted_line_fails(turn):
    result = examine(order, *line(turn=turn), validation_split=0.2)
    assert result.status is Status.FAIL
    assert result.measured == 1


def test_a_mixed_line_passes():
    model, x, y = line()
    places = np.random.default_rng(0).permutation(len(x))
    result = examine(order, model, x[places], y[places], validation_split=0.2)
    assert result.status is Status.PASS


def test_a_series_cut_by_time_is_no_fault():
    random = np.random.default_rng(0)
    series = 0.02 * np.arange(500) + 0.3 * random.standard_normal(500)
    x = np.stack([series[i : i + 8] for i in range(490)]).astype("float32")
    model = compiled(layers.Dense(1), shape=(8,), loss="mse")
    result = examine(order, model, x, series[8:498], validation_split=0.2, shuffle=False)
    assert result.status is Status.PASS


def test_sorted_amounts_without_shuffling_warn():
    x, y = diabetes()
    places = np.argsort(y, kind="stable")
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    assert examine(order, model, x[places], y[places], shuffle=False).status is Status.WARN
    assert examine(order, model, x, y, shuffle=False).status is Status.PASS


def test_a_stateful_model_only_warns():
    inputs = keras.Input((4, 1), batch_size=10)
    outputs = layers.Dense(2, activation="softmax")(layers.GRU(2, stateful=True)(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "sparse_categorical_crossentropy")
    x = np.random.default_rng(0).standard_normal((200, 4, 1)).astype("float32")
    y = (np.arange(200) >= 100).astype("int32")
    assert examine(order, model, x, y, shuffle=False, batch_size=10).status is Status.WARN


def test_not_applicable_says_why():
    x, _ = digits()
    model = compiled(layers.Dense(64), loss="mse")
    with pytest.raises(NotApplicable, match="no single label"):
        examine(order, model, x, x)


def sorted_table(columns=8, rows=300):
    """A table in the order of a target that four of its columns tell."""
    x = np.random.default_rng(0).normal(size=(rows, columns)).astype("float32")
    y = x[:, :4].sum(1) + 0.2 * x[:, 0] ** 2
    places = np.argsort(y)
    return x[places], y[places]


def beyond(x, y):
    cut = int(0.8 * len(x))
    model = compiled(layers.Dense(1), shape=x.shape[1:], loss="mse")
    held = x[cut:], y[cut:]
    return examine(order, model, x[:cut], y[:cut], validation_data=held).status


def test_the_end_of_a_table_sorted_by_its_target_fails():
    assert beyond(*sorted_table()) is Status.FAIL


@pytest.mark.parametrize("name", ["a clock", "even steps", "no relation", "a running sum"])
def test_what_time_may_explain_only_warns(name):
    x, y = sorted_table()
    random = np.random.default_rng(1)
    x, y = {
        "a clock": lambda: (np.c_[x, np.arange(len(x))].astype("float32"), y),
        "even steps": lambda: (x, np.linspace(0, 1, len(x))),
        "no relation": lambda: (random.permutation(x), y),
        "a running sum": lambda: (
            random.permutation(x),
            np.cumsum(random.exponential(size=len(x))),
        ),
    }[name]()
    assert beyond(x, y) is Status.WARN


def buffered(x, y, size):
    """Return rows as a shuffle through a buffer of this size gives them."""
    random, held, out = np.random.default_rng(0), [], []
    for row in range(len(x)):
        held.append(row)
        if len(held) > size:
            out.append(held.pop(int(random.integers(len(held)))))
    out += random.permutation(held).tolist()
    return x[out], y[out]


@pytest.mark.parametrize(("size", "status"), [(40, Status.FAIL), (900, Status.PASS)])
def test_a_buffer_far_smaller_than_sorted_data_fails(size, status):
    result = examine(order, classifier(), *buffered(*by_class(), size), shuffle=False)
    assert result.status is status
    if status is Status.FAIL:
        assert "close together" in result.message
