"""What one trial of a search left behind, as plain data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keras_recipe.core.result import number, plain

STATUSES = ("done", "failed")
CLOCK = ("seconds",)  # what two runs of the same trial differ in


@dataclass(frozen=True, kw_only=True)
class SearchTrial:
    """One setting of the hyperparameters, trained once.

    Attributes:
        key: KerasTuner's name of the trial.
        hyperparameters: Value of each, by name.
        seed: Of the initial weights and everything drawn.
        score: Best value of the objective over the epochs; None if the trial failed.
        epoch: The epoch it was reached in, from 0.
        seconds: Time of building and training.
        curves: Value an epoch of everything `fit` logged, by name.
        status: `"done"` or `"failed"`: it raised, or the objective was never a finite number.
        message: What happened to a failed one.
        path: The `.keras` file with the weights of its best epoch; None where nothing is saved.
    """

    key: str
    hyperparameters: Mapping[str, Any]
    seed: int
    score: float | None = None
    epoch: int = 0
    seconds: float = 0.0
    curves: Mapping[str, Sequence[float]] = field(default_factory=dict)
    status: str = "done"
    message: str = ""
    path: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        data = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        return plain({**data, "path": None if self.path is None else str(self.path)})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SearchTrial:
        """Return the record that `to_dict` wrote.

        Raises:
            ValueError: It is no such record.
        """
        names = {one.name for one in dataclasses.fields(cls)}
        if set(data) != names or data["status"] not in STATUSES:
            msg = f"a trial of a search has the fields {sorted(names)}"
            raise ValueError(msg)
        curves = {k: [number(v) for v in values] for k, values in data["curves"].items()}
        path = None if data["path"] is None else Path(data["path"])
        score = number(data["score"])
        return cls(**{**data, "curves": curves, "path": path, "score": score})

    def timeless(self) -> dict[str, Any]:
        """Return what is the same whenever and wherever the trial runs."""
        return {k: v for k, v in self.to_dict().items() if k not in CLOCK}
