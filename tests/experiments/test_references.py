import numpy as np
import pytest
from healthy import BUILDERS
from keras import layers as L
from specimens import cancer, classifier, compiled, diabetes, digits, subject

from keras_recipe.data.batch import Batch
from keras_recipe.experiments.references import references, same_inputs
from keras_recipe.loss import predict


def measured(model, x, y, **settings):
    made = subject(model, x, y, **settings)
    return references(model, made.task, made.probe, predict(model, made.probe.x)), made.probe


def test_constant_of_classes_is_their_entropy_and_the_floor_is_zero():
    (floor, constant), probe = measured(classifier(), *digits())
    share = np.bincount(probe.y, minlength=10) / len(probe)
    share = share[share > 0]
    assert constant == pytest.approx(-(share * np.log(share)).sum(), rel=1e-4)
    assert floor == pytest.approx(0, abs=1e-5)


def test_constant_of_squared_error_is_the_variance():
    x, y = diabetes()
    (floor, constant), probe = measured(compiled(L.Dense(1), shape=(10,), loss="mse"), x, y)
    assert constant == pytest.approx(probe.y.var(), rel=1e-4)
    assert floor == pytest.approx(0, abs=1e-5)


def test_constant_of_absolute_error_is_the_median():
    x, y = diabetes()
    (_, constant), probe = measured(compiled(L.Dense(1), shape=(10,), loss="mae"), x, y)
    assert constant == pytest.approx(np.abs(probe.y - np.median(probe.y)).mean(), rel=1e-4)


def test_constant_of_weighted_labels_is_their_weighted_entropy():
    x, y = cancer()
    model = compiled(L.Dense(1, activation="sigmoid"), shape=(30,), loss="binary_crossentropy")
    (_, constant), probe = measured(model, x, y, class_weight={0: 3.0, 1: 1.0})
    p = np.average(probe.y, weights=probe.sample_weight)
    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p))
    assert constant == pytest.approx(entropy * probe.sample_weight.mean(), rel=1e-4)


def test_equal_inputs_with_different_labels_raise_the_floor():
    x = np.zeros((32, 64), "float32")
    y = (np.arange(32) % 2).astype("int32")
    (floor, constant), _ = measured(classifier(units=2), x, y)
    assert floor == pytest.approx(np.log(2), rel=1e-4)
    assert constant == pytest.approx(floor, rel=1e-4)


def test_an_output_without_a_target_changes_nothing():
    model, x, y, _ = BUILDERS["output_without_loss"]()
    (floor, constant), _ = measured(model, x, y)
    assert floor == pytest.approx(0, abs=1e-5)
    assert constant > 1


def test_rows_are_the_same_if_every_input_is():
    batch = Batch({"a": np.array([[1.0], [1.0], [2.0]]), "b": np.array([["x"], ["x"], ["x"]])})
    assert same_inputs(batch).tolist() == [0, 0, 1]
