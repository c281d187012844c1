"""A column that gives the label away fails where it is proved; easy problems only warn."""

import healthy
import numpy as np
import pytest
from keras import layers
from specimens import cancer, compiled, diabetes, digits, examine

from keras_recipe.checks.data.kr114_shortcut_feature import shortcut_feature
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def halves(x, y, held=0.3):
    places = np.random.default_rng(0).permutation(len(x))
    cut = int(held * len(x))
    return x[places[cut:]], y[places[cut:]], x[places[:cut]], y[places[:cut]]


def checked(x, y, xv=None, yv=None, loss="sparse_categorical_crossentropy", **thresholds):
    units = 1 if loss == "mse" else int(y.max()) + 1
    head = None if loss == "mse" else "softmax"
    model = compiled(
        layers.Flatten(), layers.Dense(units, activation=head), shape=x.shape[1:], loss=loss
    )
    held = None if xv is None else (xv, yv)
    return examine(shortcut_feature, model, x, y, thresholds, validation_data=held)


def beside(x, column):
    return np.column_stack([x, column]).astype("float32")


def test_a_label_among_the_inputs_in_training_only_fails():
    x, y, xv, yv = halves(*cancer())
    result = checked(beside(x, y), y, beside(xv, 0 * yv), yv)
    assert result.status is Status.FAIL
    assert result.where.startswith("x[:, 30]")
    assert checked(beside(x, 0 * y), y, beside(xv, 0 * yv), yv).status is Status.PASS


def test_a_noisy_copy_of_a_target_fails():
    x, y, xv, yv = halves(*diabetes())
    random = np.random.default_rng(0)
    leak = y + 10 * random.normal(size=len(y))
    result = checked(beside(x, leak), y, beside(xv, random.permutation(yv)), yv, loss="mse")
    assert result.status is Status.FAIL
    assert "x[:, 10]" in result.message


def test_a_mark_in_the_corner_fails():
    x, y, xv, yv = halves(*(part[:600] for part in digits(flat=False)))
    marked = x.copy()
    marked[:, 0, 0, 0] = y / 10
    result = checked(marked, y, xv, yv)
    assert result.status is Status.FAIL
    assert result.where.startswith("x[:, 0, 0, 0]")


def test_the_label_itself_in_both_splits_fails_where_there_is_a_problem_without_it():
    x, y, xv, yv = halves(*diabetes())
    result = checked(beside(x, 3 - 2 * y), y, beside(xv, 3 - 2 * yv), yv, loss="mse")
    assert result.status is Status.FAIL
    assert "is the label itself" in result.message
    assert checked(beside(x, 3 - 2 * y), y, loss="mse", partly=0.9).status is Status.WARN


def test_easy_problems_only_warn_or_pass():
    x = np.random.default_rng(0).uniform(-1, 1, (400, 6)).astype("float32")
    assert checked(*halves(x, (x[:, 2] > 0).astype(int))).status is Status.WARN
    assert checked(*halves(x[:, :1], 2 * x[:, 0] + 1), loss="mse").status is Status.PASS
    same = np.repeat((x[:, :1] > 0).astype("float32"), 20, axis=1)
    assert checked(*halves(same, same[:, 0].astype(int))).status is Status.PASS


def test_splits_broken_in_other_ways_are_not_blamed_on_a_column():
    x, y, xv, yv = halves(*cancer())
    assert checked(x, y, xv * 100, yv).status is Status.PASS
    assert checked(x, y, xv, 1 - yv).status is Status.PASS


@pytest.mark.parametrize(
    "name",
    [
        *("linear_regression", "tiny_net", "class_weights", "unused_embedding_rows"),
        *("siamese", "two_heads_with_dropout", "batch_norm_images", "dict_of_inputs"),
    ],
)
def test_healthy_programs_pass(name):
    model, x, y, settings = healthy.BUILDERS[name]()
    assert examine(shortcut_feature, model, x, y, **settings).status is Status.PASS


@pytest.mark.parametrize("name", ["autoencoder", "pixels", "masked_tokens"])
def test_labels_for_each_place_are_not_judged(name):
    model, x, y, settings = healthy.BUILDERS[name]()
    with pytest.raises(NotApplicable, match="many numbers"):
        examine(shortcut_feature, model, x, y, **settings)
