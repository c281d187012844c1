"""Optuna's samplers behind KerasTuner's oracle: `method="optuna"`, or `"optuna:gp"`."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras_tuner

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.core.settings import unknown

#: Optuna's classes by the name after the colon; the first is Optuna's own default.
SAMPLERS = {
    "tpe": "TPESampler",
    "gp": "GPSampler",
    "cmaes": "CmaEsSampler",
    "qmc": "QMCSampler",
    "random": "RandomSampler",
}
#: What a sampler loads at the second trial.
NEEDED = {"cmaes": ("cmaes",)}
#: Settings that were tried already and are asked for in a row before the space counts as
#: exhausted: what KerasTuner's own oracles allow (`Oracle`, 1.4).
COLLISIONS = 20
DIRECTIONS = {"min": "minimize", "max": "maximize"}


def refuse_sampler(name: str) -> None:
    """Refuse a sampler that is unknown or cannot be had here.

    Args:
        name: One of `SAMPLERS`.

    Raises:
        ConfigError: It is unknown.
        InputError: Optuna, or what the sampler needs beside it, is not installed.
    """
    if name not in SAMPLERS:
        raise unknown(name, tuple(SAMPLERS), "sampler of Optuna")
    _sampler(name, 0)


def _optuna() -> Any:
    try:
        return importlib.import_module("optuna")
    except ImportError as error:
        msg = 'Optuna is not installed. Install it: pip install "keras-recipe[optuna]"'
        raise InputError(msg) from error


def _sampler(name: str, seed: int) -> Any:
    optuna = _optuna()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        try:
            made = getattr(optuna.samplers, SAMPLERS[name])(seed=seed)
            for needed in NEEDED.get(name, ()):
                importlib.import_module(needed)
        except ImportError as error:
            msg = f"Optuna's {name} sampler needs a package that is not there: {said(error)}"
            raise InputError(msg) from error
    return made


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Optuna from logging what it does with a space that changes."""
    optuna = _optuna()
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


class OptunaOracle(keras_tuner.Oracle):
    """Asks an Optuna study, in memory, for settings and tells it their scores.

    A fresh one with the same seed that is told the same scores in the same order asks for the
    same settings.

    Args:
        sampler: One of `SAMPLERS`.
        **settings: As `keras_tuner.Oracle` takes them.

    Raises:
        InputError: As `refuse_sampler`.
    """

    def __init__(self, sampler: str = "tpe", **settings: Any) -> None:
        super().__init__(**settings)
        with _quiet():
            self._study = _optuna().create_study(
                sampler=_sampler(sampler, self.seed),
                direction=DIRECTIONS[self.objective.direction],
            )
        self._asked: dict[str, Any] = {}

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Return the values of the next trial, or that there are none left."""
        with _quiet():
            for _ in range(COLLISIONS + 1):
                asked = self._study.ask()
                values = self._suggested(asked)
                again = [t for t in self.trials.values() if t.hyperparameters.values == values]
                if not again:
                    self._asked[trial_id] = asked
                    return {"status": "RUNNING", "values": values}
                self._tell(asked, again[-1].score)
        return {"status": "STOPPED", "values": None}

    @keras_tuner.synchronized
    def end_trial(self, trial: Any) -> None:
        """Tell the study, too."""
        super().end_trial(trial)
        ended = self.trials[trial.trial_id]
        if ended.status in ("COMPLETED", "FAILED"):  # not one that is tried again
            score = ended.score if ended.status == "COMPLETED" else None
            self._tell(self._asked.pop(ended.trial_id), score)

    def _tell(self, asked: Any, score: float | None) -> None:
        state = _optuna().trial.TrialState
        with _quiet():
            if score is None:
                self._study.tell(asked, state=state.FAIL)
            else:
                self._study.tell(asked, float(score))

    def _suggested(self, asked: Any) -> dict[str, Any]:
        """Return the values of the active hyperparameters, parents before children."""
        found = keras_tuner.HyperParameters()
        for one in self.hyperparameters.space:
            found.merge([one])
            if found.is_active(one):
                found.values[one.name] = _value(asked, one)
        return dict(found.values)


def _value(asked: Any, one: Any) -> Any:
    """Return what Optuna suggests for a hyperparameter.

    Steps on a logarithmic scale, and scales that Optuna has not, are asked for as a place
    between 0 and 1, which KerasTuner turns into a value (as its Gaussian process does).
    """
    kind, config = type(one).__name__, one.get_config()
    if kind == "Fixed":
        return one.value
    # the same name may have other values under other conditions; to Optuna they are two
    conditions = [condition.get_config() for condition in one.conditions]
    name = f"{one.name} {conditions}" if conditions else one.name
    if kind == "Boolean":
        return asked.suggest_categorical(name, [False, True])
    if kind == "Choice":
        return asked.suggest_categorical(name, list(config["values"]))
    low, high, step = config["min_value"], config["max_value"], config["step"]
    scale = config["sampling"]
    if kind == "Int" and scale == "linear":
        high -= (high - low) % step
        return asked.suggest_int(name, low, high, step=step)
    if step is None and scale in ("linear", "log"):
        ask = asked.suggest_int if kind == "Int" else asked.suggest_float
        return ask(name, low, high, log=scale == "log")
    place = asked.suggest_float(name, 0.0, 1.0)
    return min(max(one.prob_to_value(place), low), high)


class OptunaSearch(keras_tuner.Tuner):
    """KerasTuner's tuner with that oracle.

    Args:
        hypermodel: As `keras_tuner.Tuner` takes it.
        sampler: One of `SAMPLERS`.
        objective: `keras_tuner.Objective`.
        max_trials: At most.
        seed: Of the sampler.
        max_consecutive_failed_trials: After which the search is given up.
        hyperparameters: The space to begin with; None: an empty one.
        **settings: As `keras_tuner.Tuner` takes them.
    """

    def __init__(
        self,
        hypermodel: Any = None,
        *,
        sampler: str = "tpe",
        objective: Any = None,
        max_trials: int = 10,
        seed: int | None = None,
        max_consecutive_failed_trials: int = 3,
        hyperparameters: Any = None,
        **settings: Any,
    ) -> None:
        oracle = OptunaOracle(
            sampler=sampler,
            objective=objective,
            max_trials=max_trials,
            seed=seed,
            max_consecutive_failed_trials=max_consecutive_failed_trials,
            hyperparameters=hyperparameters,
        )
        super().__init__(oracle, hypermodel, **settings)
