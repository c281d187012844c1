"""One seeded training under a budget: a fresh model, some moves, and how well it did."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch
from keras_recipe.data.reading import SAMPLE_ROWS
from keras_recipe.experiments.trial_model import loss_form, made, maker
from keras_recipe.experiments.trial_move import Move, merged
from keras_recipe.experiments.trial_record import TrialRecord
from keras_recipe.experiments.trial_rows import SeededRows
from keras_recipe.loss import LossUndefined, data_loss, predict
from keras_recipe.surgery.averages import own_arrays
from keras_recipe.surgery.preserve import random_states

MONITORS = ("val_loss", "loss")
POINTS = 20  # of a curve, where steps say how long a training is: one for each 5 % of it
LEAST_PIECE = 50  # steps between two looks at the validation rows, where only the clock ends it
ENDLESS = 10**9  # epochs
JUDGED = 128  # rows predicted at once, at least: as `loss.predict`


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long a training is.

    Attributes:
        steps: Optimizer steps, rounded up to whole epochs of at most `POINTS`; None: as many
            as the time allows.
        seconds: Time after the first step, which is compiled, after which no further one is
            started; None: no limit.
        batch_size: Rows a step.
    """

    steps: int | None = None
    seconds: float | None = None
    batch_size: int = 32


class _Finite(keras.callbacks.Callback):
    """Ends a training whose loss is no number."""

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Look at the loss."""
        if not math.isfinite(float((logs or {}).get("loss", 0.0))):
            self.model.stop_training = True


class _Clock(keras.callbacks.Callback):
    """Ends a training when its time is spent."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds, self.spent = seconds, False
        self._began: float | None = None

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Look at the clock; it starts with the first step, which is compiled."""
        now = time.perf_counter()
        self._began = now if self._began is None else self._began
        if now - self._began >= self.seconds:
            self.spent = self.model.stop_training = True


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One training.

    Weights, row order and everything drawn come from the seed alone, so that the trial is the
    same wherever and whenever it runs. The global generators are put back afterwards.

    Attributes:
        build: As `trial_model.maker` takes it.
        moves: Made in this order on the fresh model, the training rows and the settings.
        seed: Seed of everything; 0 to 2**31 - 1.
        train: Rows to train on.
        validation: Rows held out, or None.
        monitor: `"val_loss"` or `"loss"`: the rows that the score is taken on.
        budget: How long it is, unless a move says otherwise.
    """

    build: Any
    moves: tuple[Move, ...] = ()
    seed: int = 0
    train: Batch
    validation: Batch | None = None
    monitor: str = "val_loss"
    budget: Budget

    @property
    def key(self) -> str:
        """What tells it apart within its ladder."""
        return f"{' + '.join(move.name for move in self.moves) or 'start'}, seed {self.seed}"

    @cached_property
    def _settings(self) -> dict[str, Any]:
        return merged(self.moves, steps=self.budget.steps, batch_size=self.budget.batch_size)

    def run(self) -> TrialRecord:
        """Train and return what became of it; a move that fails is a record, too.

        Raises:
            InputError: The program as it is cannot be trained, or a move does not return what
                it should.
        """
        return self.trained()[0]

    def trained(self) -> tuple[TrialRecord, Any]:
        """Train; return the record and the trained model (None if that failed)."""
        began = time.perf_counter()
        fields: dict[str, Any] = {
            "key": self.key,
            "moves": tuple(move.name for move in self.moves),
            "seed": self.seed,
        }
        model = None
        with random_states(self.seed):
            try:
                model = self._model()
                fields |= self._train(model)
            except InputError:
                raise
            except Exception as error:  # a change may fail in any way; the ladder goes on
                if not self.moves:
                    msg = f"The program as it is cannot be trained: {said(error)}"
                    raise InputError(msg) from error
                model = None
                fields |= {"status": "failed", "message": said(error)}
        fields["seconds"] = round(time.perf_counter() - began, 3)
        return TrialRecord(**fields), model

    def _model(self) -> Any:
        model = made(maker(self.build))
        for move in self.moves:
            loss = loss_form(model)
            model = made(partial(move.change, model), f"The `change` of move {move.name!r}")
            if loss_form(model) != loss:
                msg = f"move {move.name!r} changes the loss, so that scores cannot be compared"
                raise ValueError(msg)
        return model

    def _rows(self) -> Batch:
        rows = self.train
        for move in self.moves:
            found: Any = move.data(rows)  # the annotation does not bind the caller
            if not isinstance(found, Batch) or not len(found):
                msg = f"The `data` of move {move.name!r} must return a Batch with rows in it."
                raise InputError(msg)
            rows = found
        return rows

    def _length(self, rows: int, batch_size: int) -> tuple[int, int]:
        """Return the number of epochs and of steps in each."""
        turn, steps = math.ceil(rows / batch_size), self._settings["steps"]
        if self._settings.get("epochs"):
            return self._settings["epochs"], turn
        if steps is None:
            return ENDLESS, max(turn, LEAST_PIECE)
        epochs = min(math.ceil(steps / turn), POINTS)
        return epochs, math.ceil(steps / epochs)

    def _train(self, model: Any) -> dict[str, Any]:
        rows, size = self._rows(), int(self._settings["batch_size"])
        epochs, each = self._length(len(rows), size)
        clock = None if self.budget.seconds is None else _Clock(self.budget.seconds)
        callbacks = copy.deepcopy(self._settings.get("callbacks") or [])
        history = model.fit(
            SeededRows(rows, size, self.seed),
            epochs=epochs,
            steps_per_epoch=each,
            validation_data=self.validation and self.validation.parts(),
            validation_batch_size=max(size, JUDGED),
            class_weight=self._settings.get("class_weight"),
            callbacks=[*callbacks, _Finite(), *([clock] if clock else [])],
            shuffle=False,
            verbose=0,
        )
        own_arrays(model)
        done = int(keras.ops.convert_to_numpy(model.optimizer.iterations))
        score = self._score(model)
        found = {"steps": done, "curves": _curves(history.history), "score": score}
        if not math.isfinite(score):
            text = f"the loss is {score} after {done} steps"
            return {**found, "score": None, "status": "failed", "message": text}
        found["train_score"] = self._train_score(model, score)
        if clock and clock.spent and epochs != ENDLESS:
            text = f"the time was spent after {done} of {epochs * each} steps"
            return {**found, "status": "stopped", "message": text}
        return found

    def _score(self, model: Any) -> float:
        """Return the loss on the rows that are judged."""
        rows = self.train if self.monitor == "loss" else self.validation
        if rows is None:
            msg = "`val_loss` needs validation rows; give them, or monitor='loss'."
            raise InputError(msg)
        return _loss(model, rows)

    def _train_score(self, model: Any, score: float) -> float | None:
        """Return the loss on the training rows; None where it is no number."""
        if self.monitor != "loss":
            score = _loss(model, self.train.take(slice(0, SAMPLE_ROWS)))
        return score if math.isfinite(score) else None


def _loss(model: Any, rows: Batch) -> float:
    """Return the loss in inference mode, penalties left out, by parts."""
    try:
        losses, sizes = [], []
        for start in range(0, len(rows), SAMPLE_ROWS):
            part = rows.take(slice(start, start + SAMPLE_ROWS))
            losses.append(data_loss(model, part, predict(model, part.x)))
            sizes.append(len(part))
        return float(np.average(losses, weights=sizes))
    except LossUndefined:  # a training step of its own: what `evaluate` calls the loss
        x, y, sample_weight = rows.parts()
        found = model.evaluate(x, y, sample_weight=sample_weight, verbose=0, return_dict=True)
        return float(found["loss"])


def _curves(history: Mapping[str, Sequence[Any]]) -> dict[str, list[float]]:
    """Return the logs that are numbers."""
    found = {}
    for name, values in history.items():
        numbers = [np.asarray(keras.ops.convert_to_numpy(value)) for value in values]
        if all(number.size == 1 and number.dtype.kind in "fiub" for number in numbers):
            found[name] = [float(number.reshape(())) for number in numbers]
    return found
