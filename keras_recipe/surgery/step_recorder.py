"""The last steps' norms and the first NaN of each weight, kept where the step can write."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_recipe.surgery.step_norms import StepNorms

#: Steps kept: the newest, but none after the first NaN.
STEPS = 64

#: A step that runs as plain Python (torch) takes norms this often: each small operation costs
#: it 5-10 microseconds. It looks for NaN every time all the same.
EAGER_PERIOD = 16
_EAGER_FIRST = 16  # ... but in each of the first steps, where most trainings blow up that do
_EAGER_FLUSH = 256  # steps whose sums wait on the device until they are looked at


@dataclass(frozen=True)
class Readings:
    """What was recorded since the last reading.

    Attributes:
        steps: The steps recorded, counted from 0 at the start of the fit, shape `(k,)`.
        norms: Euclidean norms, shape `(k, weights, 3)`: gradient, weight, update. A gradient
            that does not exist has norm -1.
        first_bad: Step of the first non-finite gradient, by index of the weight.
        total: Steps made since the start of the fit.
    """

    steps: np.ndarray
    norms: np.ndarray
    first_bad: dict[int, int]
    total: int


class StepRecorder:
    """Takes steps down.

    A compiled step writes to two variables, `ring` and `marks`, part of the optimizer's state
    for as long as it is watched; a step that runs as plain Python fills two lists.

    Attributes:
        failure: Why nothing is recorded; empty if all is well.
        variables: `ring` and `marks`, once it is ready.
    """

    def __init__(self) -> None:
        self.failure = ""
        self.variables: list[Any] = []
        self.reset()

    @property
    def is_ready(self) -> bool:
        """Whether it knows the weights."""
        return bool(self.variables)

    def prepare(self, weights: Sequence[Any]) -> None:
        """Get to know the weights, in the order of their gradients; may be called in a step."""
        self.norms, self._size = StepNorms(weights), len(weights)
        self.ring = _zeros((STEPS + 1, self._size, 3), "float32", "recipe_ring")
        # steps made, then for each weight 1 + the first bad step
        self.marks = _zeros((1 + self._size,), "int32", "recipe_marks")
        self.variables = [self.ring, self.marks]

    def reset(self) -> None:
        """Begin a new fit."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape))
        self._python: bool | None = None
        self._calls = self._read = 0
        self._rows: deque[tuple[int, Any]] = deque(maxlen=STEPS)
        self._sums: list[Any] = []
        self._bad: dict[int, int] = {}

    def attempt(self, work: Callable[[], Any]) -> Any:
        """Return `work()`; None, and the reason in `failure`, if it can't be done."""
        if self.failure:
            return None
        try:
            return work()
        except Exception as error:  # noqa: BLE001  the training must go on without us
            self.failure = f"{type(error).__name__}: {error}"
            return None

    def is_python(self) -> bool:
        """Return whether the running step is plain Python, not traced; found out once a fit."""
        if self._python is None:
            try:
                self._python = bool(ops.convert_to_tensor(self.marks)[0] >= 0)
            except TypeError:  # what TensorFlow and JAX raise while they trace
                self._python = False
        return self._python

    def written(self, ring: Any, marks: Any, row: Any) -> tuple[Any, Any]:
        """Return `ring` and `marks` after a step whose norms are `row`."""
        step, first = marks[0], marks[1:]
        slot = ops.where(ops.any(first > 0), STEPS, ops.mod(step, STEPS))  # STEPS: out of sight
        bad = ops.logical_and(ops.logical_not(ops.isfinite(row[:, 0])), ops.equal(first, 0))
        marks = ops.concatenate([marks[:1] + 1, ops.where(bad, step + 1, first)])
        return ops.slice_update(ring, [slot, 0, 0], row[None]), marks

    def is_due(self) -> bool:
        """Return whether a Python step should hand its norms to `append`."""
        early = self._calls < _EAGER_FIRST or self._calls == self._read
        return early or self._calls % EAGER_PERIOD == 0

    def take(
        self, gradients: Sequence[Any], before: Sequence[Any], after: Sequence[Any]
    ) -> None:
        """Take down a step that assigned its updates in place.

        Args:
            gradients: One for each weight, or None.
            before: `norms.parts` of the weights before the update; empty if not due.
            after: The same after it.
        """
        row = self.norms.row(gradients, before, after) if before else None
        if not self.is_python():
            ring, marks = self.written(ops.copy(self.ring), ops.copy(self.marks), row)
            self.ring.assign(ring)
            self.marks.assign(marks)
            return
        self._sums.append(self.norms.sums(gradients))
        if row is not None and not self._bad:
            self._rows.append((self._calls, row))
        self._calls += 1
        if len(self._sums) >= _EAGER_FLUSH:
            self._look()

    def _look(self) -> None:
        """Find the first bad steps among the sums that wait."""
        if not self._sums:
            return
        sums = np.stack([ops.convert_to_numpy(s) for s in self._sums])
        first = self._calls - len(sums)
        self._sums.clear()
        for index in np.flatnonzero(~np.isfinite(sums).all(axis=0)):
            step = int(np.flatnonzero(~np.isfinite(sums[:, index]))[0])
            self._bad.setdefault(int(index), first + step)

    def read(self) -> Readings:
        """Return what was recorded since the last call; the variables must be in sync."""
        if not self.is_ready:
            return Readings(np.zeros(0, "int64"), np.zeros((0, 0, 3)), {}, 0)
        self._look()
        marks = ops.convert_to_numpy(self.marks)
        traced, total = bool(marks[0]), int(marks[0]) + self._calls
        bad = {i: int(n) - 1 for i, n in enumerate(marks[1:]) if n} | self._bad
        end = min([total, *(step + 1 for step in bad.values())])
        if traced:
            steps = np.arange(max(self._read, end - STEPS), end)
            norms = ops.convert_to_numpy(self.ring)[steps % STEPS]
        else:
            rows = [(step, row) for step, row in self._rows if self._read <= step < end]
            steps = np.array([step for step, _ in rows], dtype="int64")
            found = [ops.convert_to_numpy(row) for _, row in rows]
            norms = np.array(found).reshape(len(rows), self._size, 3)
        self._read = total
        return Readings(steps, norms, bad, total)


def _zeros(shape: tuple[int, ...], dtype: str, name: str) -> Any:
    return keras.Variable("zeros", shape=shape, dtype=dtype, trainable=False, name=name)
