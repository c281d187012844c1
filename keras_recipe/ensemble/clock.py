"""An end to a training by the clock, counted over as many starts as it takes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import keras


class TimeBudget(keras.callbacks.Callback):
    """Ends a training when its time is spent.

    Args:
        seconds: Of training; the first step, which is compiled, is not counted. It may be
            infinite.
        spent: What earlier starts have spent of them.

    Attributes:
        used: Seconds spent so far, with those of earlier starts.
        ended: Whether it ended the training.
    """

    def __init__(self, seconds: float, spent: float = 0.0) -> None:
        super().__init__()
        self.seconds, self.used, self.ended = seconds, spent, False
        self._before = spent
        self._began: float | None = None

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Look at the clock."""
        del batch, logs
        now = time.perf_counter()
        self._began = now if self._began is None else self._began
        self.used = self._before + now - self._began
        if self.used >= self.seconds:
            self.ended = self.model.stop_training = True
