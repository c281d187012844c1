"""What is searched and how, as it was asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras_tuner

from keras_recipe.core.errors import InputError
from keras_recipe.core.settings import unknown
from keras_recipe.search.optuna_oracle import refuse_sampler
from keras_recipe.search.tuners import METHODS

#: Epochs without a better objective after which a trial ends; the patience that TensorFlow's
#: own tutorial of KerasTuner uses.
PATIENCE = 5


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """What is searched and how; refused at once where it cannot be used.

    Attributes:
        method: `"random"`, `"bayesian"`, `"hyperband"`, `"grid"`, or `"optuna"` (its TPE; its
            other samplers as in `"optuna:gp"`).
        trials: At most; Hyperband's schedule follows from `epochs` alone.
        objective: Name of a log of `fit`, or a `keras_tuner.Objective`.
        epochs: Of a trial at most.
        batch_size: Where the space does not search it.
        patience: Epochs without a better objective after which a trial ends; None: never.
        seed: Of the oracle and, with its name, of each trial.
        seconds: Time after which no further trial begins; infinite: none.

    Raises:
        InputError: One sentence says why.
    """

    method: str
    trials: int = 20
    objective: Any = "val_loss"
    epochs: int = 20
    batch_size: int = 32
    patience: int | None = PATIENCE
    seed: int = 0
    seconds: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what cannot be used."""
        method, _, sampler = str(self.method).partition(":")
        if method not in METHODS or (sampler and method != "optuna"):
            raise unknown(str(self.method), tuple(METHODS), "method of search")
        if method == "optuna":
            refuse_sampler(sampler or "tpe")
        for name in ("trials", "epochs", "batch_size"):
            value: Any = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                msg = f"`{name}` must be a whole number of at least 1. Received: {value!r}"
                raise InputError(msg)
        patience: Any = self.patience
        if patience is not None and (not isinstance(patience, int) or patience < 0):
            msg = f"`patience` must be a number of epochs or None. Received: {patience!r}"
            raise InputError(msg)
        seconds: Any = self.seconds
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds <= 0:
            msg = f"`budget` must be a number of seconds above 0. Received: {seconds!r}"
            raise InputError(msg)
        self.target()

    def target(self) -> Any:
        """Return KerasTuner's objective.

        Raises:
            InputError: Whether more or less is better is not known.
        """
        if isinstance(self.objective, keras_tuner.Objective):
            return self.objective
        try:
            oracle = keras_tuner.oracles.RandomSearchOracle(
                objective=str(self.objective), seed=1
            )
        except Exception as error:
            msg = (
                f"Whether more or less of {self.objective!r} is better is not known; give "
                "keras_tuner.Objective(name, direction)."
            )
            raise InputError(msg) from error
        return oracle.objective
