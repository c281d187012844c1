"""What one training of a ladder left behind, as plain data."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keras_recipe.core.result import number, plain

STATUSES = ("done", "stopped", "failed")
CLOCK = ("seconds",)  # what two runs of the same trial differ in


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """One training.

    Attributes:
        key: Tells it apart within its ladder: the moves and the seed.
        moves: Names of the moves made, in order; none for the model as it is.
        seed: Decides initial weights, row order and everything drawn while training.
        steps: Optimizer steps done.
        seconds: Time of building, training and judging.
        curves: Value an epoch of everything `fit` logged, by name.
        score: The model's own loss on the rows it is judged by, penalties left out, after
            training; None if the training failed.
        train_score: The same on the training rows as they were given, whatever a move made of
            them; of many rows on the first `data.reading.SAMPLE_ROWS`. None where it was not
            taken.
        status: `"done"`; `"stopped"`: the clock ended it before its last step; `"failed"`: it
            raised, or its loss is not a finite number.
        message: What happened, where there is something to say.
    """

    key: str
    moves: tuple[str, ...]
    seed: int
    steps: int = 0
    seconds: float = 0.0
    curves: Mapping[str, Sequence[float]] = field(default_factory=dict)
    score: float | None = None
    train_score: float | None = None
    status: str = "done"
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return plain(dataclasses.asdict(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TrialRecord:
        """Return the record that `to_dict` wrote.

        Raises:
            ValueError: It is no such record.
        """
        names = {one.name for one in dataclasses.fields(cls)}
        missing = names - set(data) - {"train_score"}  # journals of before it was taken
        if missing or set(data) - names or data["status"] not in STATUSES:
            msg = f"a trial has the fields {sorted(names)}"
            raise ValueError(msg)
        curves = {k: [float(v) for v in values] for k, values in data["curves"].items()}
        return cls(
            **{
                **data,
                "moves": tuple(data["moves"]),
                "curves": curves,
                "score": number(data["score"]),
                "train_score": number(data.get("train_score")),
            }
        )

    @property
    def judged(self) -> bool:
        """Whether there is a score to compare."""
        return self.score is not None and math.isfinite(self.score)

    def timeless(self) -> dict[str, Any]:
        """Return what is the same whenever and wherever the trial runs."""
        return {k: v for k, v in self.to_dict().items() if k not in CLOCK}
