import keras
import numpy as np
import pytest
from keras import layers as L
from specimens import compiled

from keras_recipe.experiments.dependency import by_backprop, by_change, groups, matrix


@pytest.mark.parametrize(("size", "count"), [(1, 1), (5, 5), (16, 16), (17, 9), (64, 16)])
def test_passes_are_bounded_and_nothing_is_left_out(size, count):
    found = groups(size)
    assert len(found) == count
    assert [i for part in found for i in range(size)[part]] == list(range(size))


def test_a_chart_by_change_shows_what_moves():
    weights = np.array([[1.0, 0, 0], [2, 1, 0], [0, 0, 4]])
    chart = by_change(lambda part: np.abs(weights[:, part]).sum(1), 3)
    np.testing.assert_allclose(chart, [[0.5, 0, 0], [1, 1, 0], [0, 0, 1]])


def causal():
    stack = L.Conv1D(4, 3, padding="causal"), L.Dense(2, activation="softmax")
    return compiled(*stack, shape=(6, 3), loss="mse")


def test_backprop_charts_steps_and_samples():
    x, model = np.random.RandomState(0).normal(size=(4, 6, 3)).astype("float32"), causal()
    said = model.predict_on_batch(x)
    steps = by_backprop(model, x, said, axis=1)
    behind = np.subtract.outer(np.arange(6), np.arange(6))
    np.testing.assert_array_equal(steps > 0, (behind >= 0) & (behind <= 2))
    np.testing.assert_array_equal(
        by_backprop(model, x, said, axis=0) > 0, np.eye(4, dtype=bool)
    )


def test_several_inputs_and_outputs():
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    model = keras.Model({"a": a, "b": b}, [L.Dense(2)(a), L.Dense(1)(b)])
    x = {"a": np.ones((5, 3), "float32"), "b": np.ones((5, 2), "float32")}
    said = model.predict_on_batch(x)
    for output, leaf, sees in [(0, 0, True), (0, 1, False), (1, 1, True), (1, 0, False)]:
        chart = by_backprop(model, x, said, axis=0, output=output, leaf=leaf)
        assert (chart.max() > 0) == sees


def test_whole_numbers_have_no_gradient():
    model = compiled(L.Embedding(5, 2), L.Flatten(), L.Dense(1), shape=(3,), loss="mse")
    x = np.zeros((4, 3), "int32")
    assert by_backprop(model, x, model.predict_on_batch(x), axis=0) is None


def test_a_picture_is_plain():
    values = [[1.0, 0.0], [0.0, 1.0]]
    labels = {"xlabel": "in", "ylabel": "out"}
    expected = {"kind": "matrix", "title": "t", "values": values, **labels}
    assert matrix(np.eye(2), "t", "in", "out") == expected
