"""The same program trained once a seed, each result kept on disk until all are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import keras

from keras_recipe.core.errors import InputError
from keras_recipe.experiments.journal import Journal, journal
from keras_recipe.experiments.trial_model import made, maker, model_form
from keras_recipe.experiments.trial_move import Move
from keras_recipe.experiments.trial_record import TrialRecord
from keras_recipe.experiments.trial_run import Trial
from keras_recipe.surgery.averages import own_arrays
from keras_recipe.surgery.optimizer import restarted, start_over
from keras_recipe.surgery.preserve import random_states


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A model with the record of its training.

    Attributes:
        record: The training.
        model: The trained model; None if the training failed.
        trial: What was trained.
    """

    record: TrialRecord
    model: Any
    trial: Trial


class Trainings:
    """Trains with seed after seed; a killed run goes on where it was with the same folder.

    Args:
        trial: The training; its seed is replaced, its moves by those of `run`, which begin
            with them.
        folder: Where the journal (`members.jsonl`) and the weights go; None: nowhere.
        progress: Called with a text before each training.
    """

    def __init__(
        self,
        trial: Trial,
        folder: Path | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._trial, self._folder, self._progress = trial, folder, progress

    def run(
        self, seeds: Sequence[int], moves: Sequence[Sequence[Move]] = ((),)
    ) -> list[Trained]:
        """Train with each of the moves and each seed, in this order.

        Args:
            seeds: Each another.
            moves: The changes that are made together, once for each.

        Raises:
            InputError: The program cannot be trained, or the folder cannot be used.
        """
        path = None if self._folder is None else self._folder / "members.jsonl"
        with journal(path, self._header()) as known:
            return [
                self._trained(known, self._with(seed, some)) for some in moves for seed in seeds
            ]

    def copy(self, one: Trained) -> Any:
        """Return another object of a trained model, with the state of its optimizer."""
        if self._folder is None:
            msg = "Only with a folder is there a copy of a trained model."
            raise InputError(msg)
        return _loaded(one.trial, self._path(one.trial))

    def _path(self, trial: Trial) -> Path | None:
        return (
            None
            if self._folder is None
            else self._folder / f"{file_name(trial.key)}.weights.h5"
        )

    def _with(self, seed: int, moves: Sequence[Move]) -> Trial:
        fields = {name: getattr(self._trial, name) for name in self._trial.__dataclass_fields__}
        return Trial(**{**fields, "seed": seed, "moves": tuple(moves)})

    def _trained(self, known: Journal, trial: Trial) -> Trained:
        """Return a training: from the folder, else run now."""
        path = self._path(trial)
        record = known.records.get(trial.key)
        if record is not None and (not record.judged or (path is not None and path.exists())):
            model = _loaded(trial, path) if record.judged else None
            return Trained(record=record, model=model, trial=trial)
        self._progress(f"training {trial.key}")
        new, model = trial.trained()
        model = model if new.judged else None
        if model is not None:
            own_arrays(model)
            if path is not None:  # before its line in the journal: what has one is whole
                half = path.with_name(f"half-{path.name}")
                model.save_weights(half)
                half.replace(path)
        if record is None:
            known.add(new)
        return Trained(record=new, model=model, trial=trial)

    def _header(self) -> Mapping[str, Any]:
        """Return what the trainings depend on."""
        trial = self._trial
        with random_states(0):
            form = model_form(made(maker(trial.build)))
        data = (trial.train.parts(), trial.validation and trial.validation.parts())
        return {
            "monitor": trial.monitor,
            "steps": trial.budget.steps,
            "seconds": trial.budget.seconds,
            "batch_size": trial.budget.batch_size,
            "backend": keras.config.backend(),
            # a search's winner is another one by its length and batch size alone
            "moves": [
                {k: v for k, v in move.to_dict().items() if k != "text"} for move in trial.moves
            ],
            "model": joblib.hash(form),
            "data": joblib.hash(data),
        }


def file_name(key: str) -> str:
    """Return a trial's key as a file can be called."""
    return "".join(c if c.isalnum() else "-" for c in key)


def _loaded(trial: Trial, path: Path | None) -> Any:
    """Return the trained model: made as the trial makes it, with the state of its end."""
    with random_states(trial.seed):
        model = fresh(trial.build, trial.moves)
        if not model.built:
            model.predict_on_batch(trial.train.take(slice(0, 1)).x)
        model.optimizer.build(model.trainable_variables)
    try:
        model.load_weights(path)
    except Exception as error:  # a damaged file raises errors of many kinds
        msg = f"{str(path)!r} does not hold the weights of this model; delete its folder."
        raise InputError(msg) from error
    return model


def fresh(build: Any, moves: Sequence[Move] = ()) -> Any:
    """Return a fresh compiled model with the changes of some moves.

    Args:
        build: As `trial_model.maker` takes it.
        moves: In order; what they do to the rows and to `fit` is no affair of the model.
    """
    model = made(maker(build))
    for move in moves:
        model = move.change(model)
    return getattr(model, "recipe_inner", model)


def _averaged(model: Any) -> Any:
    if model.built:
        start_over(model, use_ema=True)
    else:  # Keras builds its optimizer with it
        model.optimizer = restarted(model.optimizer, use_ema=True)
    return model


#: Keras's moving average of the weights, at its default memory of 100 steps (momentum 0.99).
#: `fit` ends with the average in the weights, as `keras.callbacks.SwapEMAWeights` leaves it.
AVERAGED = Move(
    name="averaged weights",
    text="the optimizer keeps a moving average of the weights (use_ema)",
    change=_averaged,
)
