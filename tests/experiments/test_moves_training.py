"""Smaller batches see as many rows; early stopping ends with the best weights."""

import keras
import pytest
from climbing import build, ladder, rows
from keras import layers as L

from keras_recipe.core.errors import NotApplicable
from keras_recipe.experiments.moves_training import early_stopping, smaller_batch
from keras_recipe.experiments.program import Program
from keras_recipe.subject import Subject


def program(model=None, batch_size=32):
    model, given = model or build(), rows()
    found = Subject(model, given.x, given.y)
    return Program(
        model=model, task=found.task, sample=found.sample, steps=20, batch_size=batch_size
    )


def test_a_smaller_batch_makes_as_many_more_steps():
    moves = smaller_batch(program())
    assert [dict(move.fit) for move in moves] == [
        {"batch_size": 16, "steps": 40},
        {"batch_size": 8, "steps": 80},
    ]
    assert "BatchNorm" not in moves[0].text


def test_the_effect_of_batch_norm_is_named():
    model = keras.Sequential([keras.Input((64,)), L.BatchNormalization(), L.Dense(10)])
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert "BatchNorm regularises more" in smaller_batch(program(model))[0].text


def test_a_small_batch_stays():
    with pytest.raises(NotApplicable, match="a step has 4 rows"):
        smaller_batch(program(batch_size=4))


def test_early_stopping_ends_with_the_weights_of_the_best_moment():
    (move,) = early_stopping(program())
    made = ladder(lambda: build(64, rate=0.1), steps=60)
    record, _ = made.trial((move,), 0).trained()
    best = min(record.curves["val_loss"])
    assert record.score == pytest.approx(best, rel=1e-4)
    plain, _ = made.trial((), 0).trained()
    assert record.score <= plain.score
