"""Wrong labels are counted and named where validation proves them; hard problems are not."""

import healthy
import keras
import numpy as np
import pytest
from keras import layers
from specimens import cancer, compiled, diabetes, digits, examine

from keras_recipe.checks.data.kr107_label_noise import label_noise
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def halves(x, y, held=0.3):
    places = np.random.default_rng(0).permutation(len(x))
    cut = int(held * len(x))
    return x[places[cut:]], y[places[cut:]], x[places[:cut]], y[places[:cut]]


def flipped(y, rate, classes):
    random = np.random.default_rng(1)
    wrong = random.random(len(y)) < rate
    return np.where(wrong, (y + random.integers(1, classes, len(y))) % classes, y), wrong


def checked(x, y, xv, yv, units=10, **thresholds):
    model = compiled(layers.Dense(units, activation="softmax"), shape=x.shape[1:])
    held = None if xv is None else (xv, yv)
    return examine(label_noise, model, x, y, thresholds, validation_data=held)


def test_wrong_training_labels_fail_with_their_share_and_their_rows():
    x, y, xv, yv = halves(*(part[:900] for part in digits()))
    given, wrong = flipped(y, 0.3, 10)
    result = checked(x, given, xv, yv)
    assert result.status is Status.FAIL
    assert result.measured == pytest.approx(wrong.mean(), rel=0.5)
    suspects = result.evidence["suspects"]
    assert wrong[suspects].mean() >= 0.8
    assert result.evidence["given"] == given[suspects].tolist()
    ranking = result.evidence["ranking"]
    assert ranking[: len(suspects)] == suspects
    assert wrong[ranking].sum() >= 0.7 * wrong.sum()


def test_clean_labels_pass():
    x, y, xv, yv = halves(*(part[:900] for part in digits()))
    result = checked(x, y, xv, yv)
    assert result.status is Status.PASS
    assert result.measured < 0.02


def test_the_threshold_decides():
    x, y, xv, yv = halves(*(part[:900] for part in digits()))
    given, _ = flipped(y, 0.15, 10)
    assert checked(x, given, xv, yv).status is Status.FAIL
    assert checked(x, given, xv, yv, most=0.3).status is Status.WARN
    assert checked(x, given, xv, yv, most=0.3, some=0.3).status is Status.PASS


def test_noise_in_both_splits_is_worth_a_look_only():
    x, y, xv, yv = halves(*(part[:900] for part in digits()))
    parts = flipped(y, 0.3, 10)[0], flipped(yv, 0.3, 10)[0]
    assert checked(x, parts[0], xv, parts[1]).status is Status.WARN
    assert checked(x, parts[0], None, None).status is Status.WARN


def test_classes_that_overlap_are_no_noise():
    random = np.random.default_rng(0)
    x = random.normal(size=(900, 4)).astype("float32")
    y = (x[:, 0] + random.normal(size=900) > 0).astype(int)
    assert checked(*halves(x, y), units=2).status is Status.PASS


def test_harder_training_inputs_are_no_noise():
    x, y, xv, yv = halves(*(part[:900] for part in digits()))
    noisy = (x + 0.5 * np.random.default_rng(0).normal(size=x.shape)).astype("float32")
    assert checked(noisy, y, xv, yv).status is Status.PASS


def test_a_split_with_other_shares_of_classes_is_no_noise():
    x, y, xv, yv = halves(*cancer())
    few = np.r_[np.flatnonzero(y == 0)[:20], np.flatnonzero(y == 1)]
    assert checked(x[few], y[few], xv, yv, units=2).status is Status.PASS


def test_numbers_and_several_labels_a_row():
    x, y, xv, yv = halves(*diabetes())
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    clean = examine(label_noise, model, x, y, validation_data=(xv, yv))
    assert clean.status is Status.PASS
    with pytest.raises(NotApplicable, match="no validation labels"):
        examine(label_noise, model, x, y)
    x = np.random.default_rng(0).normal(size=(900, 5)).astype("float32")
    x, y, xv, yv = halves(x, x @ np.array([1, 2, 0, 0, -1], "float32"))
    model = compiled(layers.Dense(1), shape=(5,), loss="mse")
    wrong = np.where(np.arange(len(y)) % 3 == 0, np.roll(y, 7), y)
    noisy = examine(label_noise, model, x, wrong, validation_data=(xv, yv))
    assert noisy.status is Status.FAIL
    assert "further off" in noisy.message
    flags, held = ((part[:, :2] > 0).astype("float32") for part in (x, xv))
    model = compiled(
        layers.Dense(2, activation="sigmoid"), shape=(5,), loss="binary_crossentropy"
    )
    turned = np.where(np.random.default_rng(2).random(flags.shape) < 0.3, 1 - flags, flags)
    assert examine(label_noise, model, x, flags, validation_data=(xv, held)).status == "pass"
    assert examine(label_noise, model, x, turned, validation_data=(xv, held)).status == "fail"


def test_noise_that_sample_weights_put_aside_is_no_fault():
    x = np.random.default_rng(0).normal(size=(900, 5)).astype("float32")
    x, y, xv, yv = halves(x, x @ np.array([1, 2, 0, 0, -1], "float32"))
    random = np.random.default_rng(1)
    noise = random.choice([0.1, 3.0], len(y))
    noisy = (y + noise * random.normal(size=len(y))).astype("float32")
    yv = (yv + 0.1 * random.normal(size=len(yv))).astype("float32")
    model = compiled(layers.Dense(1), shape=(5,), loss="mse")
    for weights, expected in ((1 / noise**2, Status.PASS), (noise * 0 + 3, Status.FAIL)):
        settings = {"validation_data": (xv, yv), "sample_weight": weights.astype("float32")}
        assert examine(label_noise, model, x, noisy, **settings).status is expected


def test_class_weights_do_not_hide_wrong_labels():
    x, y, xv, yv = halves(*(part[:900] for part in digits()))
    given, _ = flipped(y, 0.3, 10)
    model = compiled(layers.Dense(10, activation="softmax"), shape=x.shape[1:])
    settings = {"validation_data": (xv, yv), "class_weight": {c: 1.0 + c for c in range(10)}}
    result = examine(label_noise, model, x, given, **settings)
    assert result.status is Status.FAIL
    assert result.evidence["rows"] == len(x)


def test_labels_that_the_loss_leaves_out_are_not_counted():
    x, y, xv, yv = halves(*(part[:1500] for part in digits()))
    open_ones = np.random.default_rng(5).random(len(y)) < 0.4
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)
    model = compiled(layers.Dense(10, activation="softmax"), shape=x.shape[1:], loss=loss)
    for given, expected in ((y, Status.PASS), (flipped(y, 0.3, 10)[0], Status.FAIL)):
        some = np.where(open_ones, -1, given)
        result = examine(label_noise, model, x, some, validation_data=(xv, yv))
        assert result.status is expected


def test_labels_that_mean_nothing_are_not_judged():
    x, y, xv, yv = halves(*(part[:400] for part in digits()))
    with pytest.raises(NotApplicable, match="not sure"):
        checked(x, np.random.default_rng(0).permutation(y), xv, yv)


@pytest.mark.parametrize("name", ["autoencoder", "masked_tokens", "pixels"])
def test_many_numbers_a_row_are_not_judged(name):
    model, x, y, settings = healthy.BUILDERS[name]()
    with pytest.raises(NotApplicable, match="many numbers"):
        examine(label_noise, model, x, y, **settings)


@pytest.mark.parametrize("name", ["label_smoothing", "hinge_with_signs", "class_weights"])
def test_healthy_programs_pass(name):
    model, x, y, settings = healthy.BUILDERS[name]()
    assert examine(label_noise, model, x, y, **settings).status is Status.PASS
