"""KerasTuner's tuners, with seeds, a journal and models on disk around each trial."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np

from keras_recipe.core.said import said
from keras_recipe.experiments.search_trial import SearchTrial
from keras_recipe.search.namesakes import Hyperparameters, refuse_grid
from keras_recipe.search.optuna_oracle import OptunaSearch

METHODS: dict[str, type] = {
    "random": keras_tuner.RandomSearch,
    "bayesian": keras_tuner.BayesianOptimization,
    "hyperband": keras_tuner.Hyperband,
    "grid": keras_tuner.GridSearch,
    "optuna": OptunaSearch,
}
#: Files from which KerasTuner would go on. A process that is killed while it writes one leaves
#: half of it, so they are not used: the trials in the journal are told to the oracle again,
#: in order, and it asks for the same ones, since its seed is the same.
_STATE = ("oracle.json", "tuner*.json", "chief.json")

_TWICE = re.compile(r"got multiple values for keyword argument '(\w+)'")
#: What a trial cannot do without: its own callbacks and the rows that judge it.
_OURS = ("callbacks", "x", "y", "validation_data")


class _KeepBest(keras.callbacks.Callback):
    """Keeps the weights of the best epoch, in memory."""

    def __init__(self, objective: Any) -> None:
        super().__init__()
        self._objective = objective
        self.best, self.epoch = math.nan, 0
        self.weights: list[np.ndarray] | None = None

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Compare."""
        if not self._objective.has_value(logs or {}):
            return
        value = float(self._objective.get_value(logs or {}))
        better = math.isnan(self.best) or self._objective.better_than(value, self.best)
        if math.isfinite(value) and better:
            self.best, self.epoch = value, epoch
            self.weights = [np.array(w) for w in self.model.get_weights()]


class Journaled:
    """What is put around a tuner's `run_trial`; made one class with it by `tuner`."""

    recipe: Any  # a `Run`
    oracle: Any  # the tuner's

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the objective of a trial, from the journal where it is there."""
        run = self.recipe
        known = run.journal.records.get(trial.trial_id)
        values = dict(trial.hyperparameters.values)
        if known is None:
            run.progress(self._where(trial))
            known = self._trained(trial, values, args, kwargs)
            run.trained += 1
            self._keep(known)
        elif any(known.hyperparameters.get(k) != v for k, v in plain_values(values).items()):
            msg = (
                f"The journal's trial {trial.trial_id} has other hyperparameters than this "
                "search asks for; delete the journal to begin anew."
            )
            raise keras_tuner.errors.FatalValueError(msg)
        else:
            with suppress(Exception):  # tell the oracle what only this trial asks for
                run.hypermodel.build(trial.hyperparameters)
            for name, value in known.hyperparameters.items():
                trial.hyperparameters.values.setdefault(name, value)
            run.finished(known)  # its run, if the process was killed before it was written
        run.done += 1
        # to the oracle NaN is a failed trial; an exception would be printed
        return {self.oracle.objective.name: math.nan if known.score is None else known.score}

    def _keep(self, record: SearchTrial) -> None:
        """Write a trial down; where that fails the search ends, or its trials would be lost."""
        try:
            self.recipe.journal.add(record)
            self.recipe.finished(record)
        except Exception as error:
            msg = f"Trial {record.key} cannot be written down: {said(error)}"
            raise keras_tuner.errors.FatalRuntimeError(msg) from error

    def _trained(
        self, trial: Any, values: dict[str, Any], args: Any, kwargs: dict[str, Any]
    ) -> SearchTrial:
        run, began = self.recipe, time.perf_counter()
        seed = run.seed_of(trial.trial_id)
        fields: dict[str, Any] = {
            "key": trial.trial_id,
            "hyperparameters": values,
            "seed": seed,
        }
        keep = _KeepBest(self.oracle.objective)
        kwargs = {**kwargs, "callbacks": [*kwargs.get("callbacks", ())]}
        run.hypermodel.begin(seed, keep)
        try:
            super().run_trial(trial, *args, **kwargs)  # type: ignore[misc]
            fields |= self._judged(keep, run, trial.trial_id)
        except keras_tuner.errors.FatalError:
            raise
        except Exception as error:  # noqa: BLE001  a setting may fail in any way: the next one
            fields |= {"status": "failed", "message": said(error)}
        finally:
            run.hypermodel.end()
        fields["hyperparameters"] = dict(
            trial.hyperparameters.values
        )  # asked for in `fit`, too
        return SearchTrial(**fields, seconds=round(time.perf_counter() - began, 3))

    def _judged(self, keep: _KeepBest, run: Any, key: str) -> dict[str, Any]:
        curves = run.hypermodel.curves
        if math.isnan(keep.best):
            name = self.oracle.objective.name
            shown = ", ".join(sorted(curves)) or "nothing"
            text = f"`{name}` was never a finite number; fit logged {shown}"
            return {"curves": curves, "status": "failed", "message": text}
        found = {"score": keep.best, "epoch": keep.epoch, "curves": curves}
        return {**found, "path": run.saved(key, run.hypermodel.model, keep.weights)}

    def _where(self, trial: Any) -> str:
        run, most = self.recipe, self.oracle.max_trials
        of = f" of {most}" if most else ""
        left = run.time_left(most)
        return f"trial {int(run.done) + 1}{of}{left}"

    def pre_create_trial(self) -> None:
        """Ask for no further trial when the time is spent."""
        if self.recipe.is_over():
            self.oracle.max_trials = max(len(self.oracle.trials), 1)

    def save_model(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: the best epoch is written as a `.keras` file when the trial is done."""


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return hyperparameters as they come back from a file."""
    return {k: v.item() if isinstance(v, np.generic) else v for k, v in values.items()}


class KerasSettings:
    """What `clear_session`, which KerasTuner calls before each trial, makes Keras forget."""

    def __init__(self) -> None:
        self._policy = keras.config.dtype_policy()
        self._distribution = keras.distribution.distribution()
        self._interactive = keras.config.is_interactive_logging_enabled()

    def restore(self) -> None:
        """Set it again."""
        keras.config.set_dtype_policy(self._policy)
        keras.distribution.set_distribution(self._distribution)
        if not self._interactive:
            keras.config.disable_interactive_logging()


class Hypermodel(keras_tuner.HyperModel):
    """The program as the tuner sees it: seeded before each build, its training written down.

    Args:
        inner: Whose `build` and `fit` are called.
    """

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner
        self._seed: int | None = None
        self._keep: Any = None
        self.model: Any = None
        self.curves: dict[str, list[float]] = {}
        self._settings = KerasSettings()

    def begin(self, seed: int, keep: keras.callbacks.Callback) -> None:
        """Get ready for a trial."""
        self._seed, self._keep, self.curves = seed, keep, {}

    def end(self) -> None:
        """Let go of the model."""
        self.model = self._keep = None

    def declare_hyperparameters(self, hp: Any) -> None:
        """Ask the inner one."""
        self.inner.declare_hyperparameters(hp)

    def build(self, hp: Any) -> Any:
        """Return the compiled model, its weights drawn from the trial's seed."""
        self._settings.restore()
        if self._seed is not None:
            keras.utils.set_random_seed(self._seed)
        return self.inner.build(hp)

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        """Train, and keep the best epoch."""
        self.model = model
        kept = list(kwargs.get("callbacks", ()))
        if isinstance(self._keep, keras.callbacks.Callback):
            kept.append(self._keep)
        history = _fitted(self.inner, hp, model, args, {**kwargs, "callbacks": kept})
        logs = getattr(history, "history", {})
        self.curves = {name: [float(v) for v in values] for name, values in logs.items()}
        return history


def _fitted(inner: Any, hp: Any, model: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Train as the program does.

    What its own `fit` gives to `model.fit`, as KerasTuner's guide does with `batch_size`, is
    not given a second time: Python would refuse that before anything is trained.
    """
    while True:
        try:
            return inner.fit(hp, model, *args, **kwargs)
        except TypeError as error:
            twice = _TWICE.search(str(error))
            if twice is None or twice[1] not in kwargs or twice[1] in _OURS:
                raise
            kwargs = {name: value for name, value in kwargs.items() if name != twice[1]}


def tuner(run: Any, directory: Path, around: type = Journaled) -> Any:
    """Return KerasTuner's tuner of a search's method, journaled.

    Args:
        run: What the trials share: a `Run`, whose plan says what is searched.
        directory: Where KerasTuner keeps what it writes.
        around: What is put around its `run_trial`.

    Raises:
        InputError: A grid cannot be made of the space.
    """
    plan = run.plan
    method, _, sampler = plan.method.partition(":")
    plain = METHODS[method]
    settings: dict[str, Any] = {"max_trials": plan.trials}
    if method == "hyperband":  # its own schedule decides how many it needs
        settings = {"max_epochs": plan.epochs}
    elif sampler:
        settings["sampler"] = sampler
    own = os.environ.get("KERASTUNER_TUNER_ID")
    for pattern in _STATE if own is None else (*_STATE, f"{own}.json"):
        for file in directory.glob(f"kerastuner/{pattern}"):
            with suppress(FileNotFoundError):
                file.unlink()
    kind = type(plain.__name__, (around, plain), {"recipe": run})
    made = kind(
        hypermodel=run.hypermodel,
        objective=plan.target(),
        seed=plan.seed + 1,  # to KerasTuner 0 means: draw one
        max_consecutive_failed_trials=10**6,  # each is kept as failed; the search goes on
        hyperparameters=Hyperparameters(),
        directory=str(directory),
        project_name="kerastuner",
        **settings,
    )
    if method == "grid":
        refuse_grid(made.oracle.get_space())
    return made
