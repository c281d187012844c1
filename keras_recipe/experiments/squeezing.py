"""The record of the last stage: what each way of squeezing out more has bought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keras_recipe.core.result import plain
from keras_recipe.experiments.held_out import HeldOutGain


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One trained model that could have a part in the ensemble.

    Attributes:
        name: `"start, seed 0"`, or the name of a trial of a search.
        loss: Its validation loss; NaN if its training failed.
        weight: What it counts in the ensemble; 0: left out.
        note: What happened, where there is something to say.
    """

    name: str
    loss: float
    weight: float = 0.0
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Averaged:
    """An ensemble and what it is worth.

    Attributes:
        candidates: Everything it was chosen from.
        how: `"greedy"`, `"best single"` or `"mean of all"`.
        loss: Its loss on all validation rows, on which it was chosen.
        best: That of the best single model.
        mean_of_all: That of the plain mean of all.
        crossed: What it gains on the best single model on rows that neither was chosen on:
            both are chosen on each half of the rows and judged on the other.
        crossed_mean: What greedy selection gains on the mean of all, likewise.
    """

    candidates: tuple[Candidate, ...]
    how: str
    loss: float
    best: float
    mean_of_all: float
    crossed: HeldOutGain
    crossed_mean: HeldOutGain

    @property
    def size(self) -> int:
        """Different models in it."""
        return sum(one.weight > 0 for one in self.candidates)


@dataclass(frozen=True, kw_only=True)
class Taught:
    """A single model that was taught by the ensemble.

    Attributes:
        on_single: What it gains on the single model that was trained from the same seed, on
            the same rows, for as many steps, without a teacher.
        on_ensemble: What it gains on its teacher: usually negative.
        notes: What to know of it.
        on_test: As `on_single`, on the test rows; None where there are none.
    """

    on_single: HeldOutGain
    on_ensemble: HeldOutGain
    notes: tuple[str, ...] = ()
    on_test: HeldOutGain | None = None


@dataclass(frozen=True, kw_only=True)
class Longer:
    """What training on has bought.

    Attributes:
        gain: The best weights on the way against those it began with; 0 where none was
            better.
        curve: Validation loss at the start and after each epoch.
        best_at: Its lowest place; 0: the start.
        seconds: Training time of all starts together.
        steps: Optimizer steps.
    """

    gain: HeldOutGain
    curve: tuple[float, ...]
    best_at: int
    seconds: float
    steps: int


@dataclass(frozen=True, kw_only=True)
class Squeezing:
    """All of it.

    Attributes:
        ensemble: The ensemble.
        averaging: What a moving average of the weights (EMA) does to the same training, as a
            rung of a ladder; None where it was not tried.
        distilled: The student; None where there is none.
        longer: Training on; None where it was not done.
        left_out: What was not done, and why.
        test: On the test rows, used once: gains on the best single model by name.
    """

    ensemble: Averaged
    averaging: Any = None
    distilled: Taught | None = None
    longer: Longer | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    test: Mapping[str, HeldOutGain] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        ensemble, taught, longer = self.ensemble, self.distilled, self.longer
        found: dict[str, Any] = {
            "ensemble": {
                "candidates": [vars(one) for one in ensemble.candidates],
                "how": ensemble.how,
                "size": ensemble.size,
                "loss": ensemble.loss,
                "best": ensemble.best,
                "mean_of_all": ensemble.mean_of_all,
                "crossed": ensemble.crossed.to_dict(),
                "crossed_mean": ensemble.crossed_mean.to_dict(),
            },
            "averaging": None if self.averaging is None else self.averaging.to_dict(),
            "distilled": taught
            and {
                "on_single": taught.on_single.to_dict(),
                "on_ensemble": taught.on_ensemble.to_dict(),
                "notes": list(taught.notes),
                "on_test": taught.on_test and taught.on_test.to_dict(),
            },
            "longer": longer
            and {
                "gain": longer.gain.to_dict(),
                "curve": list(longer.curve),
                "best_at": longer.best_at,
                "seconds": longer.seconds,
                "steps": longer.steps,
            },
            "left_out": dict(self.left_out),
            "test": {name: gain.to_dict() for name, gain in self.test.items()},
        }
        plainly: dict[str, Any] = plain(found)
        return plainly
