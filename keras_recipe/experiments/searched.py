"""The record of a search: its trials, the best, and what the space says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.core.result import plain
from keras_recipe.experiments.importance import importance
from keras_recipe.experiments.retraining import Retrained
from keras_recipe.experiments.search_axes import Axis, places
from keras_recipe.experiments.search_trial import SearchTrial


@dataclass(frozen=True, kw_only=True)
class Searched:
    """What the checks of stage 5 judge.

    Attributes:
        method: `"random"`, `"bayesian"`, `"hyperband"` or `"grid"`.
        objective: Name of what was compared.
        direction: `"min"` or `"max"`.
        axes: What was searched.
        trials: Every trial in the order it was begun; failed ones too.
        retrained: Winner, runner-up and start over several seeds; None if not done.
        notes: What to know of it, a sentence each.
    """

    method: str
    objective: str
    direction: str
    axes: tuple[Axis, ...]
    trials: tuple[SearchTrial, ...]
    retrained: Retrained | None = None
    notes: tuple[str, ...] = ()

    @property
    def ranked(self) -> list[SearchTrial]:
        """The finished trials, the best first; of equal ones the one begun first."""
        done = [trial for trial in self.trials if trial.score is not None]
        sign = 1.0 if self.direction == "min" else -1.0
        return sorted(done, key=lambda trial: sign * float(trial.score or 0.0))

    @property
    def best(self) -> SearchTrial:
        """The best trial.

        Raises:
            InputError: None was finished.
        """
        ranked = self.ranked
        if not ranked:
            msg = "No trial of this search was finished."
            raise InputError(msg)
        return ranked[0]

    def points(self) -> np.ndarray:
        """Return the places of the finished trials, the best first, `(trials, axes)`."""
        values = [trial.hyperparameters for trial in self.ranked]
        columns = [places(axis, [one.get(axis.name) for one in values]) for axis in self.axes]
        return np.array(columns, "float64").reshape(len(self.axes), len(values)).T

    def importance(self) -> dict[str, tuple[float, float]]:
        """Return the share of each hyperparameter and its deviation, the greatest first."""
        scores = np.array([trial.score for trial in self.ranked], "float64")
        return importance(self.axes, self.points(), scores)

    def across(self) -> list[dict[str, Any]]:
        """Return the picture of parallel coordinates; empty without a finished trial."""
        ranked = self.ranked
        if not ranked or not self.axes:
            return []
        picture = {
            "kind": "parallel",
            "title": f"Trials across the space, coloured by rank of {self.objective}",
            "axes": [axis.name for axis in self.axes],
            "ends": [_ends(axis) for axis in self.axes],
            "points": self.points().tolist(),
            "scores": [trial.score for trial in ranked],
            "objective": self.objective,
        }
        return [picture]

    def weights(self) -> list[dict[str, Any]]:
        """Return the picture of the importance; empty where it cannot be told."""
        found = self.importance()
        if not found:
            return []
        picture = {
            "kind": "bars",
            "title": f"What the rank of {self.objective} depends on",
            "labels": list(found),
            "values": [round(share, 3) for share, _ in found.values()],
            "xlabel": "share of what a forest explains (shuffling each)",
        }
        return [picture]

    def pictures(self) -> list[dict[str, Any]]:
        """Return parallel coordinates, and importance where it can be told."""
        return [*self.across(), *self.weights()]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        data: dict[str, Any] = plain(
            {
                "method": self.method,
                "objective": self.objective,
                "direction": self.direction,
                "axes": {axis.name: axis.to_dict() for axis in self.axes},
                "trials": [trial.to_dict() for trial in self.trials],
                "ranked": [trial.key for trial in self.ranked],
                "retrained": None if self.retrained is None else self.retrained.to_dict(),
                "notes": list(self.notes),
            }
        )
        return data


def _ends(axis: Axis) -> Sequence[str]:
    if axis.kind == "choice":
        return str(axis.choices[0]), str(axis.choices[-1])
    return f"{axis.low:.3g}", f"{axis.high:.3g}{' (log)' if axis.log else ''}"
