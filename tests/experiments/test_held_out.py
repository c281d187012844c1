"""Gains on held-out rows, with their intervals."""

import math

import keras
import numpy as np
import pytest
from keras import layers as L
from specimens import cancer, classifier, compiled, diabetes, digits, subject

from keras_recipe.data.batch import Batch
from keras_recipe.experiments.held_out import HeldOut, interval, right_of
from keras_recipe.loss import predict
from keras_recipe.surgery.preserve import variables_of

X, Y = (part[:500] for part in digits())


def held(model, x=X, y=Y, **fields):
    return HeldOut(
        model=model, rows=Batch(x, y), task=subject(model, x[:64], y[:64]).task, **fields
    )


def test_the_loss_is_the_models_own_and_the_gain_is_seen():
    untrained, model = classifier(metrics=["accuracy"]), classifier(metrics=["accuracy"])
    model.fit(X, Y, epochs=5, verbose=0)
    judge = held(model)
    found = judge.gain(predict(untrained, X), predict(model, X))
    for one, loss, accuracy in zip(
        (untrained, model), (found.before, found.after), found.accuracy, strict=True
    ):
        expected = one.evaluate(X, Y, verbose=0, return_dict=True)
        assert loss == pytest.approx(expected["loss"], rel=1e-4)
        assert accuracy == pytest.approx(expected["accuracy"])
    assert found.helps
    assert not found.harms
    assert found.interval[0] < found.gain < found.interval[1]
    assert found.accuracy_interval[0] > 0.1
    assert "on 500 rows" in found.text
    assert judge.gain(predict(model, X), predict(untrained, X)).harms


def test_the_model_is_as_it_was():
    model = classifier(metrics=["accuracy"])
    model.fit(X[:64], Y[:64], verbose=0)
    before = [np.array(keras.ops.convert_to_numpy(v)) for v in variables_of(model)]
    held(model).scores(predict(model, X))
    for one, variable in zip(before, variables_of(model), strict=True):
        np.testing.assert_array_equal(one, keras.ops.convert_to_numpy(variable))


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    held_it = 0
    for _ in range(60):
        low, high = interval(random.normal(0.3, 1.0, 100), np.ones(100))
        held_it += low <= 0.3 <= high
    assert 51 <= held_it < 60  # 57 are meant


def test_equal_models_gain_exactly_nothing_and_few_rows_say_nothing():
    assert interval(np.zeros(50), np.ones(50)) == (0.0, 0.0)
    assert all(math.isnan(end) for end in interval(np.arange(5.0), np.ones(5)))
    assert math.isnan(interval(np.array([np.inf] * 20), np.ones(20))[0])
    few = held(classifier(), X[:5], Y[:5])
    found = few.gain(predict(few.model, X[:5]), predict(few.model, X[:5]))
    assert "too few rows" in found.text
    assert not found.helps
    assert not found.harms


def test_what_is_right_is_known_for_classes_only():
    model = compiled(L.Dense(1), shape=(10,), loss="mse")
    x, y = (part[:64] for part in diabetes())
    assert len(right_of(predict(model, x), y, held(model, x, y).task)) == 0
    x, y = (part[:64] for part in cancer())
    for head, loss in (
        ("sigmoid", "binary_crossentropy"),
        (None, keras.losses.BinaryCrossentropy(from_logits=True)),
    ):
        model = compiled(
            L.Dense(1, activation=head), shape=(30,), loss=loss, metrics=["accuracy"]
        )
        said, least = predict(model, x), 0.5 if head else 0.0
        found = right_of(said, y, held(model, x, y).task)
        np.testing.assert_array_equal(found, (said[:, 0] > least) == (y == 1))
    one_hot = np.eye(10, dtype="float32")[Y]
    model = classifier(loss="categorical_crossentropy")
    found = right_of(predict(model, X), one_hot, held(model, X, one_hot).task)
    np.testing.assert_array_equal(found, predict(model, X).argmax(-1) == Y)
