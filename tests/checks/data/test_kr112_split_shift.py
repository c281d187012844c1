"""Splits that were preprocessed or numbered apart are named; healthy splits are left alone."""

import numpy as np
import pytest
from keras import layers
from sklearn import datasets
from specimens import cancer, classifier, compiled, diabetes, digits, examine, one_hot

from keras_recipe.checks.data.kr112_split_shift import split_shift
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def halves(x, y, held=0.3, seed=0):
    places = np.random.default_rng(seed).permutation(len(x))
    cut = int(held * len(x))
    return x[places[cut:]], y[places[cut:]], x[places[:cut]], y[places[:cut]]


def images(change=lambda x: x, rename=lambda y: y, also=lambda x: x):
    """Check digits as pictures, with the validation rows changed."""
    x, y, xv, yv = halves(*(part[:900] for part in digits(flat=False)))
    model = compiled(layers.Flatten(), layers.Dense(10, activation="softmax"), shape=(8, 8, 1))
    return examine(split_shift, model, also(x), y, validation_data=(change(xv), rename(yv)))


def rows(data, change=lambda x: x, rename=lambda y: y, loss="sparse_categorical_crossentropy"):
    x, y, xv, yv = halves(*data)
    units = 1 if loss == "mse" else int(y.max()) + 1
    model = compiled(layers.Dense(units), shape=x.shape[1:], loss=loss)
    return examine(split_shift, model, x, y, validation_data=(change(xv), rename(yv)))


def test_a_healthy_split_passes():
    assert images().status is Status.PASS


@pytest.mark.parametrize("seed", range(3))
def test_healthy_splits_of_small_sets_pass(seed):
    for load in (datasets.load_iris, datasets.load_wine):
        data = load()
        x, y, xv, yv = halves(data.data.astype("float32"), data.target, seed=seed)
        model = compiled(layers.Dense(3), shape=x.shape[1:])
        found = examine(split_shift, model, x, y, validation_data=(xv, yv), seed=seed)
        assert found.status is Status.PASS


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda x: x * 255, "x_val / 255"),
        (lambda x: 2 * x - 1, "x_val / 2 + 0.5"),
        (lambda x: 1 - x, "-1 * x_val + 1"),
        (lambda x: x.swapaxes(1, 2), "x_val.swapaxes(1, 2)"),
        (lambda x: np.rot90(x, 1, (1, 2)), "np.rot90(x_val, 3, (1, 2))"),
    ],
)
def test_pictures_preprocessed_apart_fail(change, code):
    result = images(change)
    assert result.status is Status.FAIL
    assert result.fix.code == f"x_val = {code}"
    assert result.fix.tried["after"] < result.fix.tried["before"] / 2


def raw(name):
    data = getattr(datasets, f"load_{name}")()
    return data.data.astype("float32"), data.target


def test_a_table_that_was_not_standardised_fails():
    x, y = raw("wine")
    x = (x - x.mean(0)) / x.std(0)
    scale, shift = raw("wine")[0].std(0), raw("wine")[0].mean(0)
    result = rows((x, y), lambda xv: xv * scale + shift)
    assert result.status is Status.FAIL
    assert "x_mean" in result.fix.code


def test_a_scaler_fitted_again_warns():
    x, y, xv, yv = halves(*raw("wine"))
    mine, own = (x - x.mean(0)) / x.std(0), (xv - xv.mean(0)) / xv.std(0)
    for held, status in (
        ((own, yv), Status.WARN),
        (((xv - x.mean(0)) / x.std(0), yv), Status.PASS),
        ((mine, y), Status.PASS),  # validated on what it is trained on: KR104 says so
    ):
        model = compiled(layers.Dense(3), shape=(13,))
        found = examine(split_shift, model, mine, y, validation_data=held)
        assert found.status is status
        assert ("by itself" in found.message) == (status is Status.WARN)


def test_targets_scaled_by_themselves_warn():
    x, y, xv, yv = halves(*diabetes())
    y, yv = ((part - part.mean()) / part.std() for part in (y, yv))
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    found = examine(split_shift, model, x, y, validation_data=(xv, yv))
    assert found.status is Status.WARN
    assert found.where == "validation y"


def test_columns_in_another_order_fail():
    places = np.random.default_rng(0).permutation(13)
    result = rows(raw("wine"), lambda x: x[:, places])
    assert result.status is Status.FAIL
    assert result.fix.code == f"x_val = x_val[:, {np.argsort(places).tolist()}]"


@pytest.mark.parametrize(
    "rename",
    [
        lambda y: np.random.default_rng(1).permutation(10)[y],
        lambda y: y + 1,
        lambda y: np.where(y == 3, 8, np.where(y == 8, 3, y)),
    ],
)
def test_class_numbers_that_mean_something_else_fail(rename):
    result = images(rename=rename)
    assert result.status is Status.FAIL
    assert "class numbers mean something else" in result.message
    assert result.measured < 0.3 < 0.8 < result.expected


def test_one_hot_and_binary_labels_that_mean_something_else_fail():
    x, y, xv, yv = halves(*digits())
    model = classifier(loss="categorical_crossentropy")
    held = (xv, one_hot((yv + 3) % 10))
    assert (
        examine(split_shift, model, x, one_hot(y), validation_data=held).status is Status.FAIL
    )
    assert rows(cancer(), rename=lambda y: 1 - y).status is Status.FAIL


def regression(rename):
    return rows(diabetes(), rename=rename, loss="mse")


def test_targets_scaled_or_turned_in_one_split_fail():
    assert regression(lambda y: y).status is Status.PASS
    assert "times as wide" in regression(lambda y: y / 77).message
    assert "other way" in regression(lambda y: -y).message


@pytest.mark.parametrize("filler", ["zero", "shuffled"])
def test_a_feature_that_is_the_target_in_training_only_fails(filler):
    x, y, xv, yv = halves(*cancer())
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(y))
    other = 0 * yv if filler == "zero" else np.random.default_rng(0).permutation(yv)
    held = (np.c_[xv, other].astype("float32"), yv)
    model = compiled(layers.Dense(2), shape=(31,))
    full = np.c_[x, y + noise].astype("float32")
    result = examine(split_shift, model, full, y, validation_data=held)
    assert result.status is Status.FAIL
    assert result.where == "x[:, 30]"


def test_another_vocabulary_fails():
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 900)
    x = random.integers(20, 200, (900, 12))
    x[:, :4] = 1 + 9 * y[:, None] + random.integers(0, 9, (900, 4))
    words = random.permutation(200)
    stack = layers.Embedding(200, 4), layers.Flatten(), layers.Dense(2)
    for change, status in ((lambda a: a, Status.PASS), (lambda a: words[a], Status.FAIL)):
        model = compiled(*stack, shape=(12,))
        held = (change(x[600:]), y[600:])
        result = examine(split_shift, model, x[:600], y[:600], validation_data=held)
        assert result.status is status


@pytest.mark.parametrize(("effect", "status"), [(0.3, Status.WARN), (0.9, Status.PASS)])
def test_other_shares_of_classes_warn(effect, status):
    x, y = digits()
    mine, other = np.flatnonzero(y > 1)[:600], np.flatnonzero(y % 2 == 0)[-300:]
    held = (x[other], y[other])
    found = examine(
        split_shift, classifier(), x[mine], y[mine], {"effect": effect, "apart": 1.1},
        validation_data=held,
    )  # fmt: skip
    assert found.status is status


def test_a_series_held_out_by_time_never_fails():
    random = np.random.default_rng(0)
    for series in (
        np.cumsum(random.standard_normal(700)),
        np.exp(np.arange(700) / 200) + 0.2 * random.standard_normal(700),
    ):
        x = np.stack([series[i : i + 9] for i in range(690)]).astype("float32")
        x = ((x - x[:500].mean()) / x[:500].std())[..., None]
        stack = layers.Flatten(), layers.Dense(1)
        model = compiled(*stack, shape=(9, 1), loss="mse")
        found = examine(split_shift, model, x, series[9:699], validation_split=0.28)
        assert found.status is not Status.FAIL


def test_not_applicable_says_why():
    with pytest.raises(NotApplicable, match="no validation data"):
        examine(split_shift, classifier(), *digits())
