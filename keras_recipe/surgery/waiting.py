"""How long a training waits for its data: a few steps timed, without a batch hook."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras

#: Steps timed in an epoch that is looked at. Each is waited for, so that a device which works
#: ahead does not hide its own time in the next batch's: that costs a fast step some of its
#: speed, and 8 of them once in a while no training any.
STEPS = 8

#: Seconds a step below which an epoch is left alone: KR320 says nothing of waits this short,
#: and among steps that take less in all there is no longer one.
LEAST = 0.005

#: Steps after which to begin where an epoch's length is not known: past the compilation, and
#: past the batches that a pipeline could prepare meanwhile (Keras's queue holds 10).
FIRST = 16

_PLAIN = "keras_recipe_untimed"


class _Clocked:
    """An iterator that adds up what its `next` takes."""

    def __init__(self, source: Iterator[Any]) -> None:
        self._source, self.seconds = source, 0.0

    def __iter__(self) -> _Clocked:
        return self

    def __next__(self) -> Any:
        began = time.perf_counter()
        batch = next(self._source)
        self.seconds += time.perf_counter() - began
        return batch


class Waiting:
    """Times some steps of one fit through the model's train function, which is put back.

    JAX's step reads its batch itself, from an iterator that can be timed; torch is handed the
    batch, and what passes between two steps is the wait (and what other callbacks do there).
    TensorFlow reads within its compiled step, where nobody can look: nothing is timed.

    Args:
        model: A compiled model, when its training begins.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._function = untimed(model)
        self._found: list[tuple[float, float, float]] = []
        self._calls, self._window, self._end = 0, range(0), 0.0
        self._wrapper = self._wrapped(self._function)
        model.train_function = self._wrapper

    def _wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any) -> Any:
            self._calls += 1
            return self._timed(args) if self._calls in self._window else function(*args)

        setattr(timed, _PLAIN, function)
        return timed

    def begin_epoch(self, epoch: int, steps: int | None, seconds: float | None = None) -> None:
        """Look at epochs 1, 4, 16, 64, ..., in their middle.

        Args:
            epoch: Its number, from 0.
            steps: Its length; None where not known.
            seconds: What a step of the epoch before took, with all that came between; None
                where not known.
        """
        number = epoch + 1
        due = number & epoch == 0 and number.bit_length() % 2 and (seconds or LEAST) >= LEAST
        first = FIRST if steps is None else steps // 2
        last = first + STEPS + 1  # the first only makes sure that nothing runs any more
        self._calls, self._end, self._found = 0, 0.0, []
        self._window = range(first + 1, last + 1) if due else range(0)

    def end_epoch(self) -> dict[str, float] | None:
        """Return the seconds `waited` and `computed` of `steps` steps; None of too few.

        `computed` is the median and `waited` the shortest: a busy machine lengthens many of
        them, a slow pipeline all. Where batches come in bursts that says too little, not too
        much. `delayed` is the median of what a thread that does nothing took after each of
        these steps: a tenth of a millisecond, and tens of milliseconds where other programs
        want the same processor. Whoever waits for a thread waits that long without any data.
        """
        found = self._found[1:]
        if len(found) < STEPS // 2:
            return None
        waited, computed, delayed = zip(*found, strict=True)
        return {
            "waited": min(waited),
            "computed": statistics.median(computed),
            "delayed": statistics.median(delayed),
            "steps": len(found),
        }

    def remove(self) -> None:
        """Give the model its train function back."""
        if self._model.train_function is self._wrapper:
            self._model.train_function = self._function

    def _timed(self, args: tuple[Any, ...]) -> Any:
        *state, source = args
        if type(source).__module__.startswith("tensorflow"):
            return self._function(*args)
        began = time.perf_counter()
        if isinstance(source, list | tuple):
            result, waited = self._function(*args), began - self._end
        else:
            clocked = _Clocked(source)
            result, waited = self._function(*state, clocked), clocked.seconds
            began += waited
        for leaf in keras.tree.flatten(result)[:1]:  # all of a step is there at once
            keras.ops.convert_to_numpy(leaf)
        computed = time.perf_counter() - began
        self._found.append((waited, computed, _delay()))
        self._end = time.perf_counter()
        return result


def _delay() -> float:
    """Return the seconds until a thread that does nothing is done: a wait for no data."""
    began = time.perf_counter()
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    return time.perf_counter() - began


def untimed(model: Any) -> Any:
    """Return the model's train function, past what an interrupted fit may have left on it."""
    function = model.train_function
    return getattr(function, _PLAIN, function)
