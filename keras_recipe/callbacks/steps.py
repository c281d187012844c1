"""From what the steps of an epoch wrote down to one epoch of a trace."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_recipe.callbacks import program
from keras_recipe.callbacks.trace import STATISTICS, Trace
from keras_recipe.surgery.instrument import CannotWatch, Instrument, instrument
from keras_recipe.surgery.step_recorder import Readings
from keras_recipe.surgery.waiting import Waiting, untimed


class StepWatch:
    """Watches the steps of one fit, or says in the trace why it can't.

    Args:
        model: The model, when its training begins.
        trace: What to write to.
    """

    def __init__(self, model: Any, trace: Trace) -> None:
        self._model, self._trace, self._steps = model, trace, 0
        self._instrument: Instrument | None = None
        self._paths: list[str] = []  # of the weights, which stay the same for a fit
        model.train_function = untimed(model)
        try:
            self._instrument = instrument(model)
        except CannotWatch as reason:
            self._give_up(str(reason))
        self._waiting = Waiting(model)

    def begin_epoch(self, steps: int | None) -> None:
        """Decide whether to time some of the epoch's steps; `steps` is its length, if known."""
        trace = self._trace
        made = trace.steps[-1] if trace.steps else None
        seconds = trace.seconds[-1] / made if made else None
        self._waiting.begin_epoch(len(trace.epochs), steps, seconds)

    def end_epoch(self) -> None:
        """Add an epoch's numbers to the trace; without any if it can't be watched."""
        weights: dict[str, dict[str, Any]] = {}
        steps: int | None = None
        if self._instrument is not None:
            if self._instrument.failure:
                self._give_up(self._instrument.failure)
            readings = self._instrument.read()
            self._paths = paths = self._paths or program.paths(self._model)
            steps, self._steps = readings.total - self._steps, readings.total
            weights = _summed_up(readings, paths)
            self._note_bad(readings, paths)
        self._trace.weights.append(weights)
        self._trace.steps.append(steps)
        timed = self._waiting.end_epoch()
        if timed is not None:
            self._trace.waiting.append({"epoch": len(self._trace.epochs) - 1, **timed})

    def end(self) -> None:
        """Take the watch off the model."""
        self._waiting.remove()
        if self._instrument is not None:
            self._instrument.remove()
            self._instrument = None

    def _give_up(self, reason: str) -> None:
        note = f"the steps are not watched: {reason}"
        if note not in self._trace.notes:
            self._trace.notes.append(note)

    def _note_bad(self, readings: Readings, paths: list[str]) -> None:
        if not readings.first_bad or self._trace.first_bad is not None:
            return
        step = min(readings.first_bad.values())
        struck = [paths[i] for i, first in sorted(readings.first_bad.items()) if first == step]
        self._trace.first_bad = {"step": step, "weights": struck}
        squares = np.square(np.maximum(readings.norms[:, :, 0], 0).astype("float64"))
        self._trace.tail = [float(norm) for norm in np.sqrt(squares.sum(axis=1))]


def _summed_up(readings: Readings, paths: list[str]) -> dict[str, dict[str, Any]]:
    """Return the medians and the last of an epoch's norms, by weight path."""
    norms = readings.norms.astype("float64")
    made = norms[:, :, 2].max(axis=1, initial=0) > 0  # gradient accumulation: most steps wait
    sound = made & np.isfinite(norms).all(axis=(1, 2))
    norms = next((norms[some] for some in (sound, made) if some.any()), norms)
    if not len(norms):
        return {}
    missing = norms[:, :, 0].max(axis=0) < 0
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = norms[:, :, 2:] / norms[:, :, 1:2]
    table = np.concatenate([norms, ratios], axis=2)
    medians, last = np.median(table, axis=0), table[-1]
    return {
        path: {**_named(medians[i], missing[i]), "last": _named(last[i], missing[i])}
        for i, path in enumerate(paths)
    }


def _named(row: np.ndarray, missing: Any) -> dict[str, float | None]:
    found: dict[str, float | None] = dict(zip(STATISTICS, row.tolist(), strict=True))
    return {**found, "gradient_norm": None} if missing else found
