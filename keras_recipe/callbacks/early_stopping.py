"""Keras's early stopping, which also says how far the best epoch stands out of the noise."""

from __future__ import annotations

from typing import Any

import keras

from keras_recipe.callbacks.monitor import judge
from keras_recipe.callbacks.shared import join
from keras_recipe.callbacks.trace import Trace
from keras_recipe.core.report import Report


class EarlyStopping(keras.callbacks.EarlyStopping):
    """Stops as `keras.callbacks.EarlyStopping` does, with its arguments; KR410 reports on it.

    Attributes:
        trace: Holds `stopping`: `monitor`, `patience`, `values` (the metric, an epoch),
            `best_epoch`, `stopped_epoch` (from 0; None if it did not stop) and `restored`.

    Example:
        >>> stopping = EarlyStopping("val_loss", patience=10, restore_best_weights=True)
        >>> # model.fit(..., callbacks=[stopping]); stopping.report["KR410"]
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trace = Trace()

    @property
    def report(self) -> Report:
        """What the live checks say of the trace."""
        return judge(self.trace)

    def on_train_begin(self, logs: Any = None) -> None:
        """Begin a new record."""
        super().on_train_begin(logs)
        self.trace = join(self)[0]
        self.trace.stopping = {
            "monitor": self.monitor,
            "patience": self.patience,
            "values": [],
            "epochs": [],
            "best_epoch": None,
            "stopped_epoch": None,
            "restored": False,
        }

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Decide as Keras does, and note the metric."""
        super().on_epoch_end(epoch, logs)
        record, value = self.trace.stopping, (logs or {}).get(self.monitor)
        if value is not None:
            record["values"].append(float(value))
            record["epochs"].append(epoch)
            record["best_epoch"] = self.best_epoch if self.best is not None else None
        if self.stopped_epoch:
            record["stopped_epoch"] = self.stopped_epoch
        record["smaller_is_better"] = self.monitor_op is not keras.ops.greater

    def on_train_end(self, logs: Any = None) -> None:
        """Restore as Keras does, and note whether it was done."""
        super().on_train_end(logs)
        self.trace.stopping["restored"] = bool(
            self.restore_best_weights and self.best_weights is not None
        )

    def __getstate__(self) -> dict[str, Any]:
        """A copy is for another fit: the model and its weights stay with the original."""
        return {**self.__dict__, "_model": None, "best_weights": None}
