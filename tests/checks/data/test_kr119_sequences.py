"""Padding without a mask fails where it is shown to harm; lengths and tokens are told."""

import healthy
import numpy as np
import pytest
from keras import layers, optimizers
from specimens import compiled, examine

from keras_recipe.checks.data.kr119_sequences import sequences
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

PLAN = {"epochs": 4}


def texts(length, side="right", rows=480):
    """Short texts of two topics, filled up with zeros."""
    random = np.random.default_rng(0)
    y = random.integers(0, 2, rows).astype("float32")
    x = np.zeros((rows, length), "int32")
    for i in range(rows):
        words = random.integers(11, 40, random.integers(4, 8))
        words[:3] = 1 + 5 * y[i] + random.integers(0, 5, 3)
        place = slice(0, len(words)) if side == "right" else slice(length - len(words), None)
        x[i, place] = random.permutation(words)
    return x, y


def reader(length, *stack, vocabulary=40, **embedding):
    return compiled(
        layers.Embedding(vocabulary, 8, **embedding),
        *stack,
        layers.Dense(1, activation="sigmoid"),
        shape=(length,),
        loss="binary_crossentropy",
        optimizer=optimizers.Adam(0.01),
    )


def checked(model, x, y, **thresholds):
    return examine(sequences, model, x, y, {"seconds": 600.0, **thresholds}, **PLAN)


def test_a_recurrence_that_reads_through_the_padding_fails():
    x, y = texts(60)
    result = checked(reader(60, layers.LSTM(8)), x, y)
    assert result.status is Status.FAIL
    assert "on the right" in result.message
    assert result.fix.tried["after"] > result.fix.tried["before"] + 0.3


def test_a_mask_or_padding_on_the_left_passes():
    x, y = texts(60)
    assert checked(reader(60, layers.LSTM(8), mask_zero=True), x, y).status is Status.PASS
    assert checked(reader(60, layers.GlobalMaxPooling1D()), x, y).status is Status.PASS
    x, y = texts(12, side="left")
    result = checked(reader(12, layers.GRU(8)), x, y)
    assert result.status is Status.PASS
    assert "on the left" in result.message


def test_thresholds_decide():
    x, y = texts(60)
    model = reader(60, layers.LSTM(8))
    assert checked(model, x, y, most_padding=0.99).status is Status.PASS
    assert checked(model, x, y, seconds=0.0).status is Status.WARN
    assert "more steps are planned" in checked(model, x, y, most_steps=20, least=-1).message
    mostly = np.where(np.random.default_rng(0).random(x.shape) < 0.7, 3, x)
    masked = reader(60, layers.LSTM(8), mask_zero=True)
    assert checked(masked, mostly, y).status is Status.WARN
    assert checked(masked, mostly, y, one_token=1.0).status is Status.PASS


def test_a_class_for_each_step_is_scored_without_the_padding():
    x, _ = texts(20)
    model = compiled(
        layers.Embedding(40, 8),
        layers.GRU(8, return_sequences=True),
        layers.Dense(3, activation="softmax"),
        shape=(20,),
        optimizer=optimizers.Adam(0.01),
    )
    result = checked(model, x, x % 3, most_steps=40)
    assert result.status is not Status.FAIL


@pytest.mark.parametrize("name", ["masked_tokens", "unused_embedding_rows", "own_train_step"])
def test_healthy_programs_pass(name):
    model, x, y, settings = healthy.BUILDERS[name]()
    if name == "own_train_step":
        with pytest.raises(NotApplicable, match="sequence"):
            examine(sequences, model, x, y, **settings)
    else:
        assert examine(sequences, model, x, y, **settings).status is Status.PASS


def test_tokens_the_embedding_does_not_know_fail():
    x, y = texts(12)
    model = reader(12, layers.GlobalMaxPooling1D(), vocabulary=40)
    model.layers[0].input_dim = 30  # a table that is too short stops some backends earlier
    result = checked(model, x, y)
    assert result.status is Status.FAIL
    assert "knows 0 to 29" in result.message


def lengths_and_sums(rows=400, steps=16):
    """Series filled up with zeros; the target is the mean of what is there."""
    random = np.random.default_rng(0)
    size = random.integers(2, steps + 1, rows)
    there = np.arange(steps) < size[:, None]
    x = random.normal(0.8, 1.0, (rows, steps, 2)) * there[..., None]
    y = (np.abs(x[..., 0]) + x[..., 1]).sum(1) / size
    return x.astype("float32"), y[:, None].astype("float32")


def average(*front):
    stack = layers.Dense(16, activation="relu"), layers.GlobalAveragePooling1D()
    rate = optimizers.Adam(0.01)
    return compiled(*front, *stack, layers.Dense(1), shape=(16, 2), loss="mse", optimizer=rate)


def test_an_average_thinned_by_padding_fails():
    x, y = lengths_and_sums()
    result = examine(sequences, average(), x, y, {"seconds": 600.0}, epochs=20)
    assert result.status is Status.FAIL, result.message
    assert result.fix.tried["after"] > result.fix.tried["before"] + 0.3
    masked = examine(sequences, average(layers.Masking(0.0)), x, y, epochs=20)
    assert masked.status is Status.PASS


def test_the_number_of_a_user_is_no_amount():
    random = np.random.default_rng(0)
    user = random.integers(0, 80, 1000)
    x = np.c_[random.standard_normal((1000, 3)), user].astype("float32")
    y = (random.standard_normal(80)[user] + x[:, 0]).astype("float32")
    model = compiled(layers.Dense(1), shape=(4,), loss="mse")
    found = examine(sequences, model, x, y)
    assert found.status is Status.WARN
    assert found.where == "x[:, 3]"
    with pytest.raises(NotApplicable, match="sequence"):
        examine(sequences, model, x, (x[:, 0] + x[:, 3] / 20))
