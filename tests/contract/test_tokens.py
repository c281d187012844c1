"""Token numbers against the table that reads them."""

import numpy as np
import pytest
from keras import layers
from specimens import compiled, examine

from keras_recipe.checks.data.kr119_sequences import sequences
from keras_recipe.core.result import Status

RANDOM = np.random.default_rng(0)


def lengths(shortest=1):
    ends = RANDOM.integers(shortest, 13, 200)
    return (np.arange(12) < ends[:, None]).astype("int32")


def judged(x, vocabulary):
    stack = layers.Embedding(vocabulary, 4, mask_zero=True), layers.GlobalAveragePooling1D()
    head = layers.Dense(1, activation="sigmoid")
    model = compiled(*stack, head, shape=(12,), loss="binary_crossentropy")
    return examine(sequences, model, x, RANDOM.integers(0, 2, 200).astype("float32"))


def test_every_word_unknown_fails():
    result = judged(lengths(), 80)
    assert result.status is Status.FAIL
    assert "nothing but 0 and 1" in result.message
    assert "80" in result.message


@pytest.mark.parametrize("name", ["two tokens known", "flags", "words"])
def test_rows_that_say_something_do_not_fail(name):
    x, vocabulary = {
        "two tokens known": (lengths(), 2),
        "flags": (RANDOM.integers(0, 2, (200, 12)).astype("int32"), 80),
        "words": (lengths() * RANDOM.integers(1, 80, (200, 12)).astype("int32"), 80),
    }[name]
    assert judged(x, vocabulary).status is not Status.FAIL
