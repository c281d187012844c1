"""What is kept of many steps, and what is let go."""

import keras
import numpy as np
import pytest

from keras_recipe.surgery.step_recorder import EAGER_PERIOD, STEPS, StepRecorder


def recorder():
    made = StepRecorder()
    made.prepare([keras.Variable(np.ones((2, 2)), dtype="float32") for _ in range(2)])
    return made


def step(made, gradients):
    """One step outside any compiled function."""
    made.is_python()
    weights = [keras.ops.ones((2, 2)) for _ in range(2)]
    parts = made.norms.parts(weights) if made.is_due() else []
    made.take([keras.ops.full((2, 2), g) for g in gradients], parts, parts)


def written(made, gradients):
    """One step as a compiled function writes it."""
    row = np.array([[2.0 * g, 2.0, 0.1] for g in gradients], "float32")
    ring, marks = made.written(
        keras.ops.copy(made.ring), keras.ops.copy(made.marks), keras.ops.convert_to_tensor(row)
    )
    made.ring.assign(ring)
    made.marks.assign(marks)


def test_a_recorder_without_weights_has_nothing_to_say():
    made = StepRecorder()
    reading = made.read()
    assert (reading.total, len(reading.steps), made.variables) == (0, 0, [])


@pytest.mark.parametrize("take", [step, written])
def test_each_reading_begins_where_the_last_ended(take):
    made = recorder()
    for gradient in (1.0, 2.0, 3.0):
        take(made, [gradient, 1.0])
    reading = made.read()
    assert reading.steps.tolist() == [0, 1, 2]
    assert reading.norms[:, 0, 0] == pytest.approx([2.0, 4.0, 6.0])
    take(made, [4.0, 1.0])
    reading = made.read()
    assert reading.steps.tolist() == [3]
    assert reading.norms[0, 0, 0] == pytest.approx(8.0)
    made.reset()
    assert made.read().total == 0


def test_a_compiled_step_keeps_the_newest():
    made = recorder()
    for number in range(STEPS + 10):
        written(made, [float(number), 1.0])
    reading = made.read()
    assert reading.steps.tolist() == list(range(10, STEPS + 10))
    assert reading.norms[:, 0, 0] == pytest.approx(2.0 * np.arange(10, STEPS + 10))


def test_a_python_step_is_sparing_after_the_first():
    made = recorder()
    for _ in range(60):
        step(made, [1.0, 1.0])
    later = [s for s in made.read().steps.tolist() if s >= 16]
    assert later == list(range(16, 60, EAGER_PERIOD))
    step(made, [1.0, 1.0])
    assert made.read().steps.tolist() == [60]  # every epoch has one


@pytest.mark.parametrize("take", [step, written])
def test_the_first_bad_step_of_each_weight_stays(take):
    made = recorder()
    for number in range(300):
        take(made, [np.nan if number >= 3 else 1.0, np.inf if number in (5, 290) else 1.0])
    reading = made.read()
    assert reading.first_bad == {0: 3, 1: 5}
    assert reading.total == 300
    assert reading.steps.max() <= 3
    assert 2 in reading.steps


def test_what_fails_is_tried_once():
    made, calls = recorder(), []

    def work():
        calls.append(1)
        raise ValueError("no")

    assert made.attempt(work) is None
    assert made.attempt(work) is None
    assert (len(calls), made.failure) == (1, "ValueError: no")
