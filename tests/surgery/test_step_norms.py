"""Norms of many weights at once against NumPy, one by one."""

import keras
import numpy as np
import pytest

from keras_recipe.surgery.step_norms import ELEMENTS, NONE, StepNorms

SHAPES = [(3, 4), (4,), (3, 4), (), (2, 3, 4), (4,), (ELEMENTS + 5, 2)]


def made(seed):
    generator = np.random.default_rng(seed)
    return [generator.normal(size=shape).astype("float32") for shape in SHAPES]


def variables(values):
    return [keras.Variable(value, dtype="float32") for value in values]


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def tensors(values):
    return [None if v is None else keras.ops.convert_to_tensor(v) for v in values]


def test_the_norms_are_those_of_numpy_in_the_order_of_the_weights():
    weights, gradients, moves = made(0), made(1), made(2)
    held = variables(weights)
    norms = StepNorms(held)
    before = norms.parts(held)
    for variable, move in zip(held, moves, strict=True):
        variable.assign_add(move)
    row = numpy(norms.row(tensors(gradients), before, norms.parts(held)))
    after = [w + m for w, m in zip(weights, moves, strict=True)]
    expected = [
        [np.linalg.norm(np.ravel(v)) for v in group] for group in (gradients, after, moves)
    ]
    exact = len(SHAPES) - 1
    assert np.allclose(row[:exact], np.transpose(expected)[:exact], rtol=1e-4)
    assert row[-1] == pytest.approx([part[-1] for part in expected], rel=0.05)
    assert row[-1, 0] == pytest.approx(expected[0][-1], rel=1e-4)  # gradients in full


def test_a_gradient_that_is_missing_is_marked():
    held = variables(made(0))
    norms = StepNorms(held)
    gradients = tensors([None, *made(1)[1:5], None, made(1)[6]])
    row = numpy(norms.row(gradients, norms.parts(held), norms.parts(held)))
    assert (row[[0, 5], 0] == NONE).all()
    assert (row[[1, 2, 3, 4, 6], 0] > 0).all()
    assert (row[:, 2] == 0).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sum_is_finite_if_and_only_if_the_gradient_is(bad):
    values = made(1)
    values[2][1, 1] = bad
    values[6][ELEMENTS, 1] = bad
    norms = StepNorms(variables(made(0)))
    finite = np.isfinite(numpy(norms.sums(tensors(values))))
    assert finite.tolist() == [True, True, False, True, True, True, False]


def test_half_precision_does_not_overflow():
    held = [keras.Variable(np.zeros((8, 8)), dtype="float16")]
    norms = StepNorms(held)
    gradient = [keras.ops.full((8, 8), 30_000.0, dtype="float16")]
    row = numpy(norms.row(gradient, norms.parts(held), norms.parts(held)))
    assert row[0, 0] == pytest.approx(240_000, rel=1e-3)
    assert np.isfinite(numpy(norms.sums(gradient))).all()


@pytest.mark.skipif(
    keras.config.backend() == "jax", reason="JAX has doubles only where they are switched on"
)
def test_doubles_are_summed_as_doubles():
    weights = [keras.Variable(np.ones((3, 2)), dtype="float64", name="wide")]
    norms = StepNorms(weights)
    part = norms.parts(weights)
    row = keras.ops.convert_to_numpy(norms.row([weights[0].value], part, part))
    np.testing.assert_allclose(row[0], [6**0.5, 6**0.5, 0.0], rtol=1e-6)


def test_without_any_gradient_all_are_missing():
    weights = [keras.Variable(np.ones((3, 2)), name="lonely")]
    norms = StepNorms(weights)
    row = keras.ops.convert_to_numpy(norms.row([None], *[norms.parts(weights)] * 2))
    assert row[0, 0] == NONE
