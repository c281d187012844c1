"""Labels that do not belong to their inputs fail where it is proved; hard problems do not."""

import healthy
import numpy as np
import pytest
from keras import layers
from specimens import cancer, compiled, diabetes, digits, examine

from keras_recipe.checks.data.kr118_signal import signal
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

RANDOM = np.random.default_rng(0)


def halves(x, y, held=0.3):
    places = np.random.default_rng(0).permutation(len(x))
    cut = int(held * len(x))
    return x[places[cut:]], y[places[cut:]], x[places[:cut]], y[places[:cut]]


def numbers(rows=900):
    """Inputs, and a number that follows from them."""
    x = np.random.default_rng(0).normal(size=(rows, 5)).astype("float32")
    return x, x @ np.array([1, 2, 0, 0, -1], "float32")


def weighed(x, y, xv, yv, weights):
    model = compiled(layers.Dense(1), shape=x.shape[1:], loss="mse")
    settings = {"validation_data": (xv, yv), "sample_weight": weights}
    return examine(signal, model, x, y, **settings)


def checked(x, y, xv=None, yv=None, loss="sparse_categorical_crossentropy", **thresholds):
    units = 1 if loss == "mse" else int(y.max()) + 1
    head = None if loss == "mse" else "softmax"
    model = compiled(
        layers.Flatten(), layers.Dense(units, activation=head), shape=x.shape[1:], loss=loss
    )
    held = None if xv is None else (xv, yv)
    return examine(signal, model, x, y, thresholds, validation_data=held)


def test_shuffled_training_labels_fail():
    x, y, xv, yv = halves(*(part[:600] for part in digits()))
    result = checked(x, RANDOM.permutation(y), xv, yv)
    assert result.status is Status.FAIL
    assert "training labels follow from their inputs by 0%" in result.message
    x, y, xv, yv = halves(*diabetes())
    assert checked(x, RANDOM.permutation(y), xv, yv, loss="mse").status is Status.FAIL


def test_shuffled_validation_labels_fail():
    x, y, xv, yv = halves(*cancer())
    result = checked(x, y, xv, RANDOM.permutation(yv))
    assert result.status is Status.FAIL
    assert "as many validation labels" in result.message


def test_mirrored_pictures_with_the_old_label_fail():
    def arrows(rows, random):
        y = random.integers(0, 2, rows)
        x = 0.2 * random.random((rows, 10, 10, 1)).astype("float32")
        for i, (row, column) in enumerate(random.integers(2, 6, (rows, 2))):
            wedge = np.array([[0, 1, 1], [1, 1, 1], [0, 1, 1]])[:, :: 1 - 2 * y[i]]
            x[i, row : row + 3, column : column + 3, 0] += wedge
        return x, y

    x, y = arrows(400, np.random.default_rng(0))
    xv, yv = arrows(150, np.random.default_rng(1))
    both = np.concatenate([x, x[:, :, ::-1]])
    order = np.random.default_rng(2).permutation(len(both))
    kept = np.concatenate([y, y])[order]
    turned = np.concatenate([y, 1 - y])[order]
    assert checked(both[order], kept, xv, yv).status is Status.FAIL
    assert checked(both[order], turned, xv, yv).status is Status.PASS


def test_labels_that_slipped_in_both_splits_fail_with_the_way_back():
    x, y = (part[:500] for part in digits())
    x, y, xv, yv = halves(x, y)
    result = checked(x, np.roll(y, 3), xv, np.roll(yv, 3))
    assert result.status is Status.FAIL
    assert result.fix.code == "y = np.roll(y, -3, axis=0)"
    assert result.fix.tried["after"] > 0.9
    assert "reverse" in checked(x, y[::-1]).message


def test_the_threshold_decides():
    x, y, xv, yv = halves(*diabetes())
    mixed = RANDOM.permutation(y)
    assert checked(x, mixed, xv, yv, loss="mse").status is Status.FAIL
    assert checked(x, mixed, xv, yv, loss="mse", strength=0.9).status is Status.WARN


def test_without_validation_shuffled_labels_only_warn():
    x, y = (part[:300] for part in digits())
    assert checked(x, RANDOM.permutation(y)).status is Status.WARN


@pytest.mark.parametrize("bits", [3, 6, 10])
def test_parity_never_fails(bits):
    x = RANDOM.integers(0, 2, (800, bits)).astype("float32")
    result = checked(*halves(x, x.sum(1).astype(int) % 2))
    assert result.status in (Status.PASS, Status.WARN)


def test_the_next_step_of_noise_never_fails():
    series = RANDOM.normal(size=500).astype("float32")
    windows = np.stack([series[i : i + 10] for i in range(480)])
    y = series[10:490]
    result = checked(windows[:350], y[:350], windows[350:], y[350:], loss="mse")
    assert result.status is Status.WARN


def test_few_rows_and_easy_validation_do_not_fail():
    x, y, xv, yv = halves(*cancer())
    assert checked(x[:25], y[:25], xv, yv).status in (Status.PASS, Status.WARN)
    x, y, xv, yv = halves(*diabetes())
    assert checked(x[:25], y[:25], xv, yv, loss="mse").status in (Status.PASS, Status.WARN)


def test_a_few_wild_targets_do_not_fail_and_do_not_hide_a_shuffle():
    x, y, xv, yv = halves(*numbers())
    y = y.copy()
    y[::25] += 30
    assert checked(x, y, xv, yv, loss="mse").status is Status.PASS
    assert checked(x, RANDOM.permutation(y), xv, yv, loss="mse").status is Status.FAIL


def test_noise_that_sample_weights_put_aside_does_not_fail():
    x, y, xv, yv = halves(*numbers())
    noise = np.random.default_rng(1).choice([0.1, 8.0], len(y))
    noisy = (y + noise * np.random.default_rng(2).normal(size=len(y))).astype("float32")
    weights = (1 / noise**2).astype("float32")
    assert weighed(x, noisy, xv, yv, weights).status is Status.PASS
    assert weighed(x, noisy, xv, yv, None).status is Status.FAIL
    order = np.random.default_rng(3).permutation(len(y))
    assert weighed(x, noisy[order], xv, yv, weights[order]).status is Status.FAIL


@pytest.mark.parametrize(
    "name",
    [
        *("linear_regression", "autoencoder", "own_train_step", "siamese", "masked_tokens"),
        *("pixels", "two_heads_with_dropout", "unused_embedding_rows", "zero_sample_weights"),
        *("dict_of_inputs", "stateful_recurrence", "hinge_with_signs", "counts"),
    ],
)
def test_healthy_programs_pass(name):
    model, x, y, settings = healthy.BUILDERS[name]()
    assert examine(signal, model, x, y, **settings).status is Status.PASS


def test_labels_that_never_vary_are_not_judged():
    x, y = (part[:100] for part in digits())
    with pytest.raises(NotApplicable, match="vary"):
        checked(x, y * 0 + 1)


def test_rows_that_were_stored_last_fail_with_the_way_back():
    x, y = (part[:600] for part in digits(flat=False))
    stored = np.ascontiguousarray(np.moveaxis(x, 0, -1))  # (8, 8, 1, rows)
    result = checked(stored.reshape(x.shape), y)
    assert result.status is Status.FAIL
    assert "rows last" in result.message
    assert result.fix.code == "x = np.moveaxis(x.reshape(8, 8, 1, len(x)), -1, 0)"
    assert result.fix.tried["after"] > 0.8
    mixed = checked(stored.reshape(x.shape), RANDOM.permutation(y))
    assert mixed.status is Status.WARN


def test_a_table_that_was_stored_column_by_column_fails():
    x, y = cancer()
    assert checked(x.T.copy().reshape(x.shape), y.astype("int32")).status is Status.FAIL
