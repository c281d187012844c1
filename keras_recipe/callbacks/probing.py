"""What a model does on a few fixed rows while it is trained."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import keras
import numpy as np

from keras_recipe.callbacks.trace import Trace
from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.loss import compiled_losses
from keras_recipe.surgery.activity import activation_statistics, state_kept
from keras_recipe.surgery.constants import best_constant

#: Steps between two looks at the layers. One took as long as 0.7 (JAX) to 1.3 (torch) steps of
#: a small Transformer: so they cost a training of short epochs 1 % at most, too.
APART = 128

_NOTE = "the probe's activations are not watched: the model can't be called on it"


def as_batch(probe: Any) -> Batch | None:
    """Return what the user gave as a probe as a batch.

    Raises:
        InputError: It is neither a `Batch` nor a tuple `(x, y)` of arrays.
    """
    if probe is None or isinstance(probe, Batch):
        return probe
    if isinstance(probe, tuple) and 1 <= len(probe) <= 3 and leaves(probe[0]):
        return Batch(*probe)
    msg = f"`probe` must be a Batch or a tuple (x, y) of arrays. Got: {type(probe).__name__}"
    raise InputError(msg)


def as_pace(pace: Any) -> int | None:
    """Return a number of epochs.

    Raises:
        InputError: It is no whole number of 1 or more, nor None.
    """
    if pace is None or (isinstance(pace, int) and pace >= 1):
        return pace
    msg = f"`pace` must be a number of epochs, 1 or more, or None. Received: {pace!r}"
    raise InputError(msg)


class ProbeWatch:
    """Writes to a trace what the model does on the probe; the model's state stays.

    Args:
        model: A built model.
        probe: Rows of the training data.
        trace: What to write to.
        sample: Rows whose labels say what a constant prediction scores; None: the probe's, and
            only where the loss fell little: so few rows take long to search.
        pace: Epochs from one look at the layers to the next; None: when twice as many steps
            were made as before the last look, and 128 more.
    """

    def __init__(
        self,
        model: Any,
        probe: Batch,
        trace: Trace,
        sample: Batch | None = None,
        pace: int | None = None,
    ) -> None:
        self._model, self._probe, self._trace = model, probe, trace
        self._sample, self._pace = sample, pace
        self._made: int | None = None  # steps, when the layers were last looked at
        self._measure: Callable[[Any], dict[str, Any]] | None = None

    def end_epoch(self) -> None:
        """Look at the layers if it is time to; after the first epoch it always is."""
        epochs, steps = len(self._trace.epochs), self._trace.total_steps
        made = APART * epochs if steps is None else steps
        if self._pace:
            due = (epochs - 1) % self._pace == 0
        else:
            due = self._made is None or made >= self._made + max(APART, self._made)
        if due:
            self._made = made
            self._look_at_layers()

    def end(self) -> None:
        """Look at the layers and outputs that training left."""
        trace, epoch = self._trace, len(self._trace.epochs) - 1
        if not any(found["epoch"] == epoch for found in trace.activations):
            self._look_at_layers()
        if trace.bad_weights or _NOTE in trace.notes:
            return
        with suppress(Exception):  # the user's own layers run here
            trace.outputs = self._spread()
        trace.program["labels_vary"] = _vary(self._probe.y)
        losses = trace.series("loss")
        learned = bool(losses) and losses[-1] < 0.7 * losses[0]
        if trace.constant_loss is None and (self._sample is not None or not learned):
            trace.constant_loss = self._constant_loss()

    def _look_at_layers(self) -> None:
        if _NOTE in self._trace.notes:
            return
        found = None
        with suppress(Exception):  # the user's own layers run here, in a call they don't know
            self._measure = self._measure or activation_statistics(self._model)
            found = self._measure(self._probe.x)
        if found is None:
            self._trace.notes.append(_NOTE)
            return
        epoch = len(self._trace.epochs) - 1
        self._trace.activations.append({"epoch": epoch, "layers": found})

    def _spread(self) -> list[dict[str, float]]:
        """Return how far each output differs between rows, and its largest size."""
        with state_kept(self._model):
            outputs = keras.tree.flatten(self._model.predict_on_batch(self._probe.x))
        found = []
        for output in outputs:
            values = np.asarray(output, "float64")
            away = np.abs(values - values.mean(axis=0))
            found.append({"spread": float(away.max()), "scale": float(np.abs(values).max())})
        return found

    def _constant_loss(self) -> float | None:
        sample = self._sample or self._probe
        summed = any(loss.reduction == "sum" for loss in compiled_losses(self._model))
        if sample.y is None or summed:  # a sum grows with the rows of a batch
            return None
        if not any(_varying(sample.y)):  # targets that nobody reads: a pairwise or triplet loss
            return None
        with suppress(InputError):  # labels that the loss does not take apart
            loss = best_constant(self._model, sample.y, sample_weight=sample.sample_weight).loss
            return float(loss) if math.isfinite(loss) else None
        return None


def _vary(y: Any) -> bool:
    """Whether the labels of every output differ between rows."""
    found = _varying(y)
    return bool(found) and all(found)


def _varying(y: Any) -> list[bool]:
    """Return for each target whether it differs between rows."""
    labels = [np.asarray(part) for part in leaves(y)]
    return [bool((part != part[:1]).any()) for part in labels]
