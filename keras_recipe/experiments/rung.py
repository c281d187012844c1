"""A rung of a ladder: a change that was tried, and whether it helped beyond noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from keras_recipe.core.result import plain
from keras_recipe.experiments.noise import is_hopeless, paired_gain
from keras_recipe.experiments.trial_move import Move
from keras_recipe.experiments.trial_record import TrialRecord
from keras_recipe.experiments.trial_run import Trial

START = Move(name="start", text="the program as it is")


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One change that was tried, against the best before it.

    Attributes:
        move: The change; `START` on the first rung.
        records: Its trainings, one a seed, in the order of the seeds; those that were not
            worth running are missing.
        gain: Share of the best's loss that is gone (0.25: a quarter less; negative: more
            loss); in units of the loss where losses are not positive. NaN for the first rung
            and where nothing could be compared.
        interval: Where the true gain lies, with 95 % confidence; NaN likewise.
        unit: `"share of the loss"` or `"loss"`.
        kept: Whether later changes are made on top of it.
        reason: Why, one sentence.
    """

    move: Move
    records: tuple[TrialRecord, ...]
    gain: float = math.nan
    interval: tuple[float, float] = (math.nan, math.nan)
    unit: str = ""
    kept: bool = False
    reason: str = ""

    @property
    def scores(self) -> dict[int, float]:
        """The loss by seed, of trainings that have one."""
        return {r.seed: r.score for r in self.records if r.judged and r.score is not None}

    @property
    def score(self) -> float:
        """The mean loss; infinite if a training failed."""
        whole = self.records and len(self.scores) == len(self.records)
        return float(np.mean(list(self.scores.values()))) if whole else math.inf

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return plain(
            {
                "move": self.move.to_dict(),
                "records": [record.to_dict() for record in self.records],
                "score": self.score,
                "gain": self.gain,
                "interval": list(self.interval),
                "unit": self.unit,
                "kept": self.kept,
                "reason": self.reason,
            }
        )


@dataclass(frozen=True, kw_only=True)
class LadderResult:
    """What a ladder found.

    Attributes:
        rungs: In the order they were tried; the first is the program as it is.
        monitor: The loss that was compared.
        seeds: The seeds of each rung.
        trial: Trains the winner anew.
    """

    rungs: tuple[Rung, ...]
    monitor: str
    seeds: tuple[int, ...]
    trial: Trial

    @property
    def best(self) -> tuple[Move, ...]:
        """The changes that were kept, in order."""
        return tuple(rung.move for rung in self.rungs[1:] if rung.kept)

    @property
    def rung(self) -> Rung:
        """The last one that was kept: the winner."""
        return [rung for rung in self.rungs if rung.kept][-1]

    @cached_property
    def model(self) -> Any:
        """The winner, trained with the first seed; trained anew when first asked for."""
        return self.trial.trained()[1]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data, without the model."""
        return {
            "monitor": self.monitor,
            "seeds": list(self.seeds),
            "rungs": [rung.to_dict() for rung in self.rungs],
            "best": [move.name for move in self.best],
        }


def given_up(best: Rung, records: Sequence[TrialRecord]) -> str:
    """Return why the other seeds of a move are not run; "" if they are.

    Args:
        best: The rung it is compared with.
        records: Its training with the first seed.
    """
    first = records[0]
    before = best.scores
    if not first.judged:
        if first.seed not in before:
            return ""  # the best fails with this seed, too
        return f"seed {first.seed} failed ({first.message}); the other seeds were not run"
    if first.seed in before and is_hopeless(
        list(before.values()), [before[first.seed]], [float(first.score or 0.0)]
    ):
        return (
            f"seed {first.seed} ended at {first.score:.4g} against {before[first.seed]:.4g}, "
            "far worse than the seeds differ; the others were not run"
        )
    return ""


def judged(move: Move, best: Rung, records: Sequence[TrialRecord], given_up: str = "") -> Rung:
    """Return the rung of a move, judged.

    Args:
        move: The change.
        best: The rung it is compared with.
        records: Its trainings.
        given_up: Why not all seeds were run.
    """
    rung = Rung(move=move, records=tuple(records), reason=given_up)
    old, new = best.scores, rung.scores
    both = [seed for seed in new if seed in old]
    fields: dict[str, Any] = {}
    kept, reason = False, given_up
    if len(both) > 1:
        gain = paired_gain([old[s] for s in both], [new[s] for s in both])
        fields = {"gain": gain.mean, "interval": (gain.low, gain.high), "unit": gain.unit}
        kept, reason = gain.beyond, _words(gain, len(both))
    if not given_up and len(new) < len(records):
        failed = next(record for record in records if not record.judged)
        kept = False
        reason = f"seed {failed.seed} failed: {failed.message}"
    elif not given_up and not old:
        kept, reason = True, "it trains with every seed, and without it none did"
    elif not given_up and len(both) < 2:
        reason = "too few seeds can be compared: without it most of them failed"
    if any(record.status == "stopped" for record in (*records, *best.records)):
        reason += "; the clock ended some of the trainings"
    return Rung(move=move, records=tuple(records), kept=kept, reason=reason, **fields)


def _words(gain: Any, seeds: int) -> str:
    scale, unit = (100, "% of the loss") if gain.unit != "loss" else (1, "of loss")
    mean, low, high = (
        f"{scale * v:.3g}" if abs(scale * v) < 1000 else f"{scale * v:.0f}"
        for v in (gain.mean, gain.low, gain.high)
    )
    text = f"it takes {mean} {unit} away ({low} to {high}, {seeds} seeds)"
    if gain.beyond:
        return text
    if gain.high < 0:
        return f"{text}: it harms"
    return f"{text}: within the noise"
